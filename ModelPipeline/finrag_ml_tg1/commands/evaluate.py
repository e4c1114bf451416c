"""`finrag eval …`: the product's own code, measured on given data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from finrag_ml_tg1.commands.session import Session, cores, explaining, store_option
from finrag_ml_tg1.errors import SettingsError

if TYPE_CHECKING:
    from finrag_ml_tg1.evaluation.report import Outcome
    from finrag_ml_tg1.evaluation.retrieval.running import Choices

__all__ = ["evaluate"]

_filings_option = click.option(
    "--filings",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with manifest.csv and the files it names.",
)
_out_option = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the whole result here, as JSON."
)
_workers_option = click.option(
    "--workers", default=cores(), type=click.IntRange(1, 64), show_default="all cores", help="Filings read at once."
)


@click.group("eval")
def evaluate() -> None:
    """Measure the pipeline on data with known answers.

    Example: finrag eval items --filings DIR --out items.json
    """


@evaluate.command()
@_filings_option
@_out_option
@_workers_option
@explaining
def items(folder: Path, out: Path | None, workers: int) -> None:
    """Items found against section files; what looks wrong and is not reported.

    Example: finrag eval items --filings DIR --out items.json
    """
    from finrag_ml_tg1.evaluation.items import evaluate_items

    _run(
        ["items", "--filings", str(folder), "--workers", str(workers)],
        folder,
        lambda: evaluate_items(folder, _encoder(), workers=workers),
        out,
    )


@evaluate.command("facts-extraction")
@_filings_option
@_out_option
@_workers_option
@explaining
def facts_extraction(folder: Path, out: Path | None, workers: int) -> None:
    """Tagged numbers and their places against the reference ixbrl_facts.parquet.

    Example: finrag eval facts-extraction --filings DIR --out facts.json
    """
    from finrag_ml_tg1.evaluation.tagged_numbers import evaluate_facts_extraction

    _run(
        ["facts-extraction", "--filings", str(folder), "--workers", str(workers)],
        folder,
        lambda: evaluate_facts_extraction(folder, _encoder(), workers=workers),
        out,
    )


@evaluate.command()
@_filings_option
@click.option(
    "--bank",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Questions as JSON lines: question, ticker, fiscal_year, metric, accepted (values; none: abstain).",
)
@click.option("--url", help="Ask a running server instead of this process.")
@_out_option
@explaining
def facts(folder: Path, bank: Path | None, url: str | None, out: Path | None) -> None:
    """Numbers answered, against the filings' own tags: shares exact, wrong, abstained, failed.

    Example: finrag eval facts --filings DIR --out facts.json
    """
    from finrag_ml_tg1.evaluation.facts import evaluate_facts

    options = [*(["--bank", str(bank)] if bank else []), *(["--url", url] if url else [])]
    _run(
        ["facts", "--filings", str(folder), *options],
        folder,
        lambda: evaluate_facts(folder, _encoder(), bank=bank, url=url, progress=click.echo),
        out,
    )


@evaluate.command("derived-metrics")
@_filings_option
@_out_option
@explaining
def derived_metrics(folder: Path, out: Path | None) -> None:
    """Ratios, growth and other derived metrics, against formulas written by hand over ixbrl_facts.parquet.

    Example: finrag eval derived-metrics --filings DIR --out derived.json
    """
    from finrag_ml_tg1.evaluation.derived_metrics import evaluate_derived_metrics

    _run(
        ["derived-metrics", "--filings", str(folder)],
        folder,
        lambda: evaluate_derived_metrics(folder, _encoder(), progress=click.echo),
        out,
    )


_data_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@evaluate.command()
@click.option("--questions", required=True, type=_data_file, help="Questions with programs, as JSON lines.")
@click.option("--contexts", required=True, type=_data_file, help="Their pages: context_id, text, table_json.")
@_out_option
@explaining
def programs(questions: Path, contexts: Path, out: Path | None) -> None:
    """Programs of FinQA, ConvFinQA and TAT-QA, carried out by the calculator that answers questions.

    Example: finrag eval programs --questions Q.jsonl --contexts C.parquet --out programs.json
    """
    from finrag_ml_tg1.evaluation.programs import evaluate_programs

    _run(
        ["programs", "--questions", str(questions), "--contexts", str(contexts)],
        questions,
        lambda: evaluate_programs(questions, contexts),
        out,
    )


@evaluate.command()
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
@click.option("--questions", required=True, type=_data_file, help="Questions with the places that answer them.")
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
@_workers_option
@_out_option
@explaining
def retrieval(out: Path | None, cache: Path | None, workers: int, **choices: Unpack[Choices]) -> None:
    """Right filings and pages among the first ten, on questions with known places.

    Example: finrag eval retrieval --data financebench --corpus pages.parquet --questions Q.jsonl --out R.json
    """
    from finrag_ml_tg1.evaluation.retrieval.running import RetrievalRun, evaluate_retrieval

    run = RetrievalRun(**choices)
    kept = cache or Session(None).cache_folder / "evaluation"
    _run(
        ["retrieval", *(text for name, value in choices.items() for text in (f"--{name}", str(value)))],
        run.questions,
        lambda: evaluate_retrieval(run, kept, _encoder(), workers=workers, tell=click.echo),
        out,
    )


@evaluate.command()
@click.option("--questions", required=True, type=_data_file, help="Questions with what they are about, as JSON lines.")
@click.option("--catalogs", required=True, type=_data_file, help="The filings covered, as JSON lines.")
@store_option
@_out_option
@explaining
def scope(questions: Path, catalogs: Path, store_url: str | None, out: Path | None) -> None:
    """Companies, periods, forms and items that questions are understood to be about, against labels.

    The store's index tells which words filings use, so that they are no names.

    Example: finrag eval scope --questions scope.jsonl --catalogs scope_catalogs.jsonl --out scope.json
    """
    from finrag_ml_tg1.evaluation.scope import evaluate_scope

    rag = Session(store_url).open_pipeline()
    _run(
        ["scope", "--questions", str(questions), "--catalogs", str(catalogs)],
        questions,
        lambda: evaluate_scope(questions, catalogs, rag.appears_in_filings, rag.is_word),
        out,
    )


def _encoder() -> Path:
    from finrag_ml_tg1.indexing.minilm import ensure_encoder

    return ensure_encoder(Session(None).cache_folder, progress=click.echo)


def _run(arguments: Sequence[str], dataset: Path, measure: Callable[[], Outcome], out: Path | None) -> None:
    from finrag_ml_tg1.evaluation.report import Stopwatch, write_report

    if out is not None and not out.parent.is_dir():
        raise SettingsError(f"--out {out}: there is no folder {out.parent}")
    watch = Stopwatch()
    outcome = measure()
    for metric, value in outcome.metrics.items():
        click.echo(f"{metric:32} {value:,}")
    click.echo(f"{len(outcome.misses)} misses; {watch.seconds} s")
    if out is not None:
        write_report(out, ["finrag", "eval", *arguments], dataset.resolve().name, outcome, watch.seconds)
