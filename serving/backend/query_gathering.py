"""Rows of the query log as they come, gathered in batches, from any thread; each is in the journal once it is taken."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from serving.backend.dated_keys import new_name
from serving.backend.query_batches import Batch, rows_by_key
from serving.backend.query_journal import QueryJournal
from serving.backend.query_record import QueryRecord

__all__ = ["QueryGathering"]

_logger = logging.getLogger(__name__)


class QueryGathering:
    """Batches of at most `rows_of_a_batch` rows; `changed` guards all of it, and is notified when there is work.

    After `pause` rows are let go for a while; those that come after it are not worth a file in the journal until
    `resume`.
    """

    def __init__(self, journal: QueryJournal | None, rows_of_a_batch: int, clock: Callable[[], datetime]) -> None:
        self._journal = journal
        self._rows_of_a_batch = rows_of_a_batch
        self._clock = clock
        self._open: Batch | None = None
        self._full: list[Batch] = []
        self._paused_until = 0.0
        self._is_journaled = True
        self._oldest_at = 0.0
        self.changed = threading.Condition()
        self.unwritten = 0

    @property
    def has_full(self) -> bool:
        """Whether a batch is full, or was left by an earlier process."""
        return bool(self._full)

    @property
    def oldest_at(self) -> float | None:
        """When the open batch was begun, by time.monotonic(); None when there is none."""
        return self._oldest_at if self._open else None

    def take_over(self) -> dict[str, list[QueryRecord]]:
        """Take the rows that were left in the journal; return them by the key each is written under."""
        if self._journal is None:
            return {}
        left: dict[str, list[QueryRecord]] = {}
        with self.changed:
            for batch in self._journal.take_over():
                self._full.append(Batch(batch.name, batch.file, list(batch.records), is_left=True))
                left |= rows_by_key(batch.name, batch.records)
            rows = sum(map(len, left.values()))
            self.unwritten += rows
        if left:
            _logger.info("query log: %d rows that were left in the journal are taken over", rows)
        return left

    def append(self, record: QueryRecord) -> None:
        """Take a record; returns at once and never fails."""
        with self.changed:
            if time.monotonic() < self._paused_until:
                return
            before, batch = self._open, self._taker(record)
            batch.records.append(record)
            self.unwritten += 1
            if before is not None and batch is not before:
                self._full.append(before)
            is_full = len(batch.records) >= self._rows_of_a_batch
            if is_full:
                self._full.append(batch)
            self._open = None if is_full else batch
            if batch is not before:
                self._oldest_at = time.monotonic()
            if batch is not before or is_full:
                self.changed.notify()

    def take(self, *, with_open: bool) -> list[Batch]:
        """Return the batches that are full, and the open one if that is wanted; they are no longer here."""
        with self.changed:
            batches, self._full = self._full, []
            if with_open and self._open:
                batches.append(self._open)
                self._open = None
            return batches

    def settle(self, rows: int) -> None:
        """Count rows that are dealt with."""
        with self.changed:
            self.unwritten -= rows

    def pause(self, seconds: float) -> None:
        """Take no row for a while; what is here is left in the journal until `resume`, or for another process."""
        with self.changed:
            self._paused_until = time.monotonic() + seconds
            self._is_journaled = False
            for batch in self.take(with_open=True):
                self.unwritten -= len(batch.records)
                if batch.journal is not None:
                    batch.journal.leave()

    def resume(self) -> None:
        """Take all rows again, with their journal, and after a pause those that were left there."""
        with self.changed:
            self._paused_until = 0.0
            was_paused, self._is_journaled = not self._is_journaled, True
        if was_paused:
            self.take_over()

    def _taker(self, record: QueryRecord) -> Batch:
        """Return the batch that takes a row, which is in its journal, the open one or another.

        No journal has a part of its batch: the next process would take that part for the whole, under the same key.
        """
        batch = self._open
        if self._journal is None or not self._is_journaled:
            return batch or self._begun(None)
        if batch is not None and batch.journal is not None and self._journal.add(record, batch.journal):
            return batch
        begun = self._begun(self._journal)
        if begun.journal is not None and not self._journal.add(record, begun.journal):
            begun.journal.remove()
            begun.journal = None
        # Rows that are in memory alone stay together.
        return batch if batch is not None and batch.journal is None and begun.journal is None else begun

    def _begun(self, journal: QueryJournal | None) -> Batch:
        name = new_name(self._clock())
        return Batch(name, journal.begin(name) if journal is not None else None)
