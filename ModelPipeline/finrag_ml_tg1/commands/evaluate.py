"""`finrag eval …`: the product's own code, measured on given data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from finrag_ml_tg1.commands.session import Session, cores, explaining
from finrag_ml_tg1.errors import SettingsError

if TYPE_CHECKING:
    from finrag_ml_tg1.evaluation.report import Outcome

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

    _run("items", evaluate_items, folder, out, workers)


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

    _run("facts-extraction", evaluate_facts_extraction, folder, out, workers)


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

    def measure(folder: Path, encoder_folder: Path, *, workers: int) -> Outcome:
        del workers
        return evaluate_facts(folder, encoder_folder, bank=bank, url=url, progress=click.echo)

    _run("facts", measure, folder, out, 1)


class _Evaluation(Protocol):
    def __call__(self, folder: Path, encoder_folder: Path, *, workers: int) -> Outcome: ...


def _run(name: str, measure: _Evaluation, folder: Path, out: Path | None, workers: int) -> None:
    from finrag_ml_tg1.evaluation.report import Stopwatch, write_report
    from finrag_ml_tg1.indexing.minilm import ensure_encoder

    if out is not None and not out.parent.is_dir():
        raise SettingsError(f"--out {out}: there is no folder {out.parent}")
    encoder = ensure_encoder(Session(None).cache_folder, progress=click.echo)
    watch = Stopwatch()
    outcome = measure(folder, encoder, workers=workers)
    for metric, value in outcome.metrics.items():
        click.echo(f"{metric:24} {value:,}")
    click.echo(f"{len(outcome.misses)} misses; {watch.seconds} s")
    if out is not None:
        command = ["finrag", "eval", name, "--filings", str(folder), "--workers", str(workers)]
        write_report(out, command, folder.resolve().name, outcome, watch.seconds)
