"""What `finrag ingest` tells of the filings at its end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from finrag_ml_tg1.commands.session import peak_megabytes

if TYPE_CHECKING:
    from finrag_ml_tg1.filings.batch import Refused
    from finrag_ml_tg1.filings.ingest import Ingested

__all__ = ["IngestReport"]


@dataclass
class IngestReport:
    """What became of the filings, for the lines at the end."""

    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    read: int = 0
    unchanged: int = 0
    passages: int = 0
    facts: int = 0
    others: int = 0
    started: float = field(default_factory=time.perf_counter)

    def add(self, outcome: Ingested | Refused) -> None:
        """Count what became of one filing."""
        from finrag_ml_tg1.filings.ingest import Ingested

        if not isinstance(outcome, Ingested):
            if outcome.was_asked:
                self.failures.append(outcome.reason)
            else:
                self.others += 1
            return
        self.unchanged += outcome.unchanged
        self.read += not outcome.unchanged
        self.passages += outcome.passages
        self.facts += outcome.facts
        self.notes.extend(f"{outcome.source}: {note}" for note in outcome.notes)

    def tell_unless_nothing(self) -> None:
        """Tell what became of the filings before the run ended early."""
        if self.read or self.unchanged or self.failures:
            self.tell()

    def tell(self) -> None:
        """Print notes, what was skipped and why, and the counts."""
        for note in self.notes:
            click.echo(f"note: {note}")
        for failure in self.failures:
            click.echo(f"skipped: {failure}", err=True)
        others = f", {self.others} of other fiscal years" if self.others else ""
        click.echo(
            f"{self.read} filings read, {self.unchanged} unchanged, {len(self.failures)} skipped{others}; "
            f"{self.passages} passages, {self.facts} facts; "
            f"{time.perf_counter() - self.started:.1f} s, peak memory {peak_megabytes()} MB a process"
        )
