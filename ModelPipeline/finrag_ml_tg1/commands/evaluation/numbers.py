"""`finrag eval facts`, `derived-metrics` and `programs`: numbers and what is calculated from them."""

from __future__ import annotations

from pathlib import Path

import click

from finrag_ml_tg1.commands.evaluation.measuring import data_file, encoder_folder, filings_option, measure, out_option
from finrag_ml_tg1.commands.session import explaining

__all__ = ["derived_metrics", "facts", "programs"]


@click.command()
@filings_option
@click.option(
    "--bank",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Questions as JSON lines: question, ticker, fiscal_year, metric, accepted (values; none: abstain).",
)
@click.option("--url", help="Ask a running server instead of this process.")
@out_option
@explaining
def facts(folder: Path, bank: Path | None, url: str | None, out: Path | None) -> None:
    """Numbers answered, against the filings' own tags: shares exact, wrong, abstained, failed.

    Example: finrag eval facts --filings DIR --out facts.json
    """
    from finrag_ml_tg1.evaluation.facts import evaluate_facts

    options = [*(["--bank", str(bank)] if bank else []), *(["--url", url] if url else [])]
    measure(
        ["facts", "--filings", str(folder), *options],
        folder,
        lambda: evaluate_facts(folder, encoder_folder(), bank=bank, url=url, progress=click.echo),
        out,
    )


@click.command("derived-metrics")
@filings_option
@out_option
@explaining
def derived_metrics(folder: Path, out: Path | None) -> None:
    """Ratios, growth and other derived metrics, against formulas written by hand over ixbrl_facts.parquet.

    Example: finrag eval derived-metrics --filings DIR --out derived.json
    """
    from finrag_ml_tg1.evaluation.derived_metrics import evaluate_derived_metrics

    measure(
        ["derived-metrics", "--filings", str(folder)],
        folder,
        lambda: evaluate_derived_metrics(folder, encoder_folder(), progress=click.echo),
        out,
    )


@click.command()
@click.option("--questions", required=True, type=data_file, help="Questions with programs, as JSON lines.")
@click.option("--contexts", required=True, type=data_file, help="Their pages: context_id, text, table_json.")
@out_option
@explaining
def programs(questions: Path, contexts: Path, out: Path | None) -> None:
    """Programs of FinQA, ConvFinQA and TAT-QA, carried out by the calculator that answers questions.

    Example: finrag eval programs --questions Q.jsonl --contexts C.parquet --out programs.json
    """
    from finrag_ml_tg1.evaluation.programs import evaluate_programs

    measure(
        ["programs", "--questions", str(questions), "--contexts", str(contexts)],
        questions,
        lambda: evaluate_programs(questions, contexts),
        out,
    )
