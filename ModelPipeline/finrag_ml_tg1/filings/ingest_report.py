"""What became of the filings of one run, counted as they come."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from finrag_ml_tg1.filings.batch import Refused
from finrag_ml_tg1.filings.ingest import Ingested

__all__ = ["IngestReport"]


@dataclass(slots=True)
class IngestReport:
    """Filings read, unchanged, refused (`failures`, a line each) and of `others` years than those asked for."""

    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    read: int = 0
    unchanged: int = 0
    passages: int = 0
    facts: int = 0
    others: int = 0
    _started: float = field(default_factory=time.perf_counter)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has become of any filing yet."""
        return not (self.read or self.unchanged or self.failures)

    @property
    def seconds(self) -> float:
        """The seconds since the run began."""
        return time.perf_counter() - self._started

    def add(self, outcome: Ingested | Refused) -> None:
        """Count one filing."""
        if isinstance(outcome, Refused):
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
