"""What every `finrag eval` command shares: its options, and a measurement told and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from finrag_ml_tg1.commands.session import Session
from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.machine import cores

if TYPE_CHECKING:
    from finrag_ml_tg1.evaluation.report import Outcome

__all__ = ["data_file", "encoder_folder", "filings_option", "measure", "out_option", "workers_option"]

data_file = click.Path(exists=True, dir_okay=False, path_type=Path)
filings_option = click.option(
    "--filings",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with manifest.csv and the files it names.",
)
out_option = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the whole result here, as JSON."
)
workers_option = click.option(
    "--workers", default=cores(), type=click.IntRange(1, 64), show_default="all cores", help="Filings read at once."
)


def encoder_folder() -> Path:
    """Return the folder of the sentence encoder, fetched when it is not there yet."""
    from finrag_ml_tg1.indexing.minilm import ensure_encoder

    return ensure_encoder(Session(None).cache_folder, progress=click.echo)


def measure(arguments: Sequence[str], dataset: Path, task: Callable[[], Outcome], out: Path | None) -> None:
    """Carry out a measurement, print its metrics, and write the whole result where `out` says.

    `arguments` are what `finrag eval` has to be called with to get it again. SettingsError when `out` has no folder.
    """
    from finrag_ml_tg1.evaluation.report import Stopwatch, write_report

    if out is not None and not out.parent.is_dir():
        raise SettingsError(f"--out {out}: there is no folder {out.parent}")
    watch = Stopwatch()
    outcome = task()
    for metric, value in outcome.metrics.items():
        click.echo(f"{metric:32} {value:,}")
    click.echo(f"{len(outcome.misses)} misses; {watch.seconds} s")
    if out is not None:
        write_report(out, ["finrag", "eval", *arguments], dataset.resolve().name, outcome, watch.seconds)
