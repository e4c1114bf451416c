"""What `finrag ingest` tells of the filings at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from finrag_ml_tg1.machine import peak_megabytes

if TYPE_CHECKING:
    from finrag_ml_tg1.filings.ingest_report import IngestReport

__all__ = ["tell", "tell_unless_nothing"]


def tell(report: IngestReport) -> None:
    """Print notes, what was skipped and why, and the counts."""
    for note in report.notes:
        click.echo(f"note: {note}")
    for failure in report.failures:
        click.echo(f"skipped: {failure}", err=True)
    others = f", {report.others} of other fiscal years" if report.others else ""
    click.echo(
        f"{report.read} filings read, {report.unchanged} unchanged, {len(report.failures)} skipped{others}; "
        f"{report.passages} passages, {report.facts} facts; "
        f"{report.seconds:.1f} s, peak memory {peak_megabytes()} MB a process"
    )


def tell_unless_nothing(report: IngestReport) -> None:
    """Tell what became of the filings before the run ended early."""
    if not report.is_empty:
        tell(report)
