"""`finrag eval retrieval` and `scope`: where answers are looked for, and whether they are found there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from finrag_ml_tg1.commands.evaluation.measuring import data_file, encoder_folder, measure, out_option, workers_option
from finrag_ml_tg1.commands.session import Session, explaining, store_option

if TYPE_CHECKING:
    from finrag_ml_tg1.evaluation.retrieval.running import Choices

__all__ = ["retrieval", "scope"]


@click.command()
@click.option(
    "--data",
    required=True,
    type=click.Choice(["financebench", "finqa", "docugami", "filings"]),
    help="Whose questions and corpus they are.",
)
@click.option(
    "--corpus",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="Pages or contexts as Parquet; for filings the folder of documents.",
)
@click.option("--questions", required=True, type=data_file, help="Questions with the places that answer them.")
@click.option(
    "--scope",
    default="auto",
    type=click.Choice(["auto", "oracle", "none"]),
    show_default=True,
    help="As understood; the right filings (finqa: the filer); everything.",
)
@click.option("--dense", default="on", type=click.Choice(["on", "off"]), show_default=True, help="Sentence vectors.")
@click.option(
    "--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder that keeps what was read and encoded."
)
@workers_option
@out_option
@explaining
def retrieval(out: Path | None, cache: Path | None, workers: int, **choices: Unpack[Choices]) -> None:
    """Right filings and pages among the first ten, on questions with known places.

    Example: finrag eval retrieval --data financebench --corpus pages.parquet --questions Q.jsonl --out R.json
    """
    from finrag_ml_tg1.evaluation.retrieval.running import RetrievalRun, evaluate_retrieval

    run = RetrievalRun(**choices)
    kept = cache or Session(None).cache_folder / "evaluation"
    measure(
        ["retrieval", *(text for name, value in choices.items() for text in (f"--{name}", str(value)))],
        run.questions,
        lambda: evaluate_retrieval(run, kept, encoder_folder(), workers=workers, tell=click.echo),
        out,
    )


@click.command()
@click.option("--questions", required=True, type=data_file, help="Questions with what they are about, as JSON lines.")
@click.option("--catalogs", required=True, type=data_file, help="The filings covered, as JSON lines.")
@store_option
@out_option
@explaining
def scope(questions: Path, catalogs: Path, store_url: str | None, out: Path | None) -> None:
    """Companies, periods, forms and items that questions are understood to be about, against labels.

    The store's index tells which words filings use, so that they are no names.

    Example: finrag eval scope --questions scope.jsonl --catalogs scope_catalogs.jsonl --out scope.json
    """
    from finrag_ml_tg1.evaluation.scope import evaluate_scope

    rag = Session(store_url).open_pipeline()
    measure(
        ["scope", "--questions", str(questions), "--catalogs", str(catalogs)],
        questions,
        lambda: evaluate_scope(questions, catalogs, rag.words.appears_in_filings, rag.words.is_word),
        out,
    )
