"""`finrag ask`: one question, answered on the command line."""

from __future__ import annotations

import click

from finrag_ml_tg1.commands.session import Session, explaining, store_option

__all__ = ["ask"]


@click.command()
@click.argument("question")
@store_option
@click.option("--json", "as_json", is_flag=True, help="The whole response as POST /query gives it.")
@click.option("--ticker", "tickers", multiple=True, help="Only this company (repeatable).")
@click.option("--year", "years", multiple=True, type=int, help="Only this fiscal year (repeatable).")
@click.option("--model-key", metavar="KEY", help="Who writes: extractive, or a profile of a model [FINRAG_MODEL].")
@explaining
def ask(
    question: str,
    store_url: str | None,
    as_json: bool,
    tickers: tuple[str, ...],
    years: tuple[int, ...],
    model_key: str | None,
) -> None:
    """Answer a question from the filings in the index.

    Example: finrag ask "How does Apple govern cybersecurity risk?"
    """
    from finrag_ml_tg1.events import FIRST_TOKEN
    from finrag_ml_tg1.scope import MAX_QUESTION_CHARS, MIN_QUESTION_CHARS, Filters, Question

    if not MIN_QUESTION_CHARS <= len(question.strip()) <= MAX_QUESTION_CHARS:
        raise click.UsageError(f"a question has {MIN_QUESTION_CHARS} to {MAX_QUESTION_CHARS} characters")
    session = Session(store_url)
    model = session.open_model(model_key)
    finrag = session.open_pipeline()
    result = finrag.ask(Question(question, Filters(tickers=tickers, fiscal_years=years)), model)
    if as_json:
        from serving.backend.presentation import query_response

        click.echo(query_response(result, finrag.index.catalog, finrag.index.version).model_dump_json(indent=1))
        return
    click.echo(result.answer.markdown)
    cited = [citation for citation in result.answer.citations if citation.is_cited]
    if cited:
        click.echo("")
    for citation in cited:
        passage = citation.passage
        click.echo(
            f"[{citation.number}] {passage.company}, {passage.form} FY{passage.fiscal_year}, Item {passage.item or '–'}"
            f"  {passage.passage_id}"
        )
    for flag in result.answer.flags:
        click.echo(f"check: “{flag.text}”: {flag.reason}")
    for note in result.scope.notes:
        click.echo(f"note: {note}")
    elapsed_ms = sum(ms for stage, ms in result.timings_ms.items() if stage != FIRST_TOKEN)
    cost = f", {result.written.model_id}, {result.written.cost:.6f} USD" if result.written else ""
    click.echo(f"({elapsed_ms:.0f} ms{cost})")
