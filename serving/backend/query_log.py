"""One row for each query, added to the store in batches by a thread of its own.

A query never waits for the log and never fails because of it. Files are only added, each whole or not at all, so a
crash costs at most the batch that was not yet written. While the store is away, rows are kept and tried again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from finrag_ml_tg1.errors import FinRAGError, PreconditionFailedError
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.dated_keys import dated_key, utc_now
from serving.backend.query_record import QueryRecord, queries_parquet

__all__ = ["INTERVAL_S", "QUERIES_FOLDER", "ROWS_OF_A_FILE", "QueryLog"]

QUERIES_FOLDER = "logs/queries"
ROWS_OF_A_FILE = 100
INTERVAL_S = 60.0
RETRY_S = 15.0
MOST_KEPT = 10_000

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _File:
    """A batch made up for writing: its key and bytes stay the same through all attempts."""

    key: str
    data: bytes
    rows: int


class QueryLog:
    """Takes records from any thread and writes them: `rows_of_a_file` together, or what there is after `interval_s`.

    Of rows that cannot be written the newest `most_kept` are tried again every `retry_s`.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        interval_s: float = INTERVAL_S,
        retry_s: float = RETRY_S,
        rows_of_a_file: int = ROWS_OF_A_FILE,
        most_kept: int = MOST_KEPT,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._interval_s = interval_s
        self._retry_s = retry_s
        self._rows_of_a_file = rows_of_a_file
        self._most_kept = most_kept
        self._clock = clock
        self._changed = threading.Condition()
        self._open: list[QueryRecord] = []
        self._oldest_at = 0.0
        self._unwritten = 0
        self._is_closing = False
        self.lost = 0
        # Of the writing thread alone:
        self._files: deque[_File] = deque()
        self._retry_at = 0.0
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="query-log", daemon=True)

    @property
    def unwritten(self) -> int:
        """How many rows are not in the store yet."""
        return self._unwritten

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def append(self, record: QueryRecord) -> None:
        """Take a record; returns at once and never fails."""
        with self._changed:
            self._open.append(record)
            self._unwritten += 1
            if len(self._open) == 1:
                self._oldest_at = time.monotonic()
            if len(self._open) in (1, self._rows_of_a_file):
                self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Write what there is, once, and end; rows that are not written after `timeout_s` are lost, and counted."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        lost = self.unwritten
        if lost:
            _logger.error("query log: %d rows could not be written before the end and are lost", lost)

    def _run(self) -> None:
        while self._awaits_work():
            self._make_files()
            if time.monotonic() >= self._retry_at:
                self._write_files()
            self._drop_oldest()
        self._make_files()
        self._write_files()

    def _awaits_work(self) -> bool:
        """Wait until there is something to do; False when the log is to end."""
        with self._changed:
            while not self._is_closing:
                delay = self._seconds_to_work()
                if delay is not None and delay <= 0:
                    return True
                self._changed.wait(delay)
        return False

    def _seconds_to_work(self) -> float | None:
        due = []
        if len(self._open) >= self._rows_of_a_file:
            return 0.0
        if self._open:
            due.append(self._oldest_at + self._interval_s)
        if self._files:
            due.append(self._retry_at)
        return min(due) - time.monotonic() if due else None

    def _make_files(self) -> None:
        with self._changed:
            records, self._open = self._open, []
        for _, of_day in groupby(sorted(records, key=_day), key=_day):
            rows = list(of_day)
            for start in range(0, len(rows), self._rows_of_a_file):
                self._make_file(rows[start : start + self._rows_of_a_file])

    def _make_file(self, rows: Sequence[QueryRecord]) -> None:
        day = rows[0].timestamp.astimezone(UTC).date()
        try:
            data = queries_parquet(rows)
        except Exception:
            # These rows would fail each time again, and hold up all that follow.
            _logger.exception("query log: %d rows cannot be written as Parquet and are left out", len(rows))
            self._settle(len(rows))
            self.lost += len(rows)
            return
        self._files.append(_File(dated_key(QUERIES_FOLDER, day, self._clock(), "parquet"), data, len(rows)))

    def _write_files(self) -> None:
        while self._files:
            try:
                self._put(self._files[0])
            except FinRAGError as error:
                self._put_off(str(error))
                return
            except Exception:
                _logger.exception("query log: unexpected failure of the store")
                self._put_off("unexpected failure")
                return
            self._settle(self._files.popleft().rows)
        if self._is_failing:
            _logger.info("query log: all rows that waited are written")
        self._is_failing = False

    def _put(self, file: _File) -> None:
        try:
            self._store.put(file.key, file.data, if_absent=True)
        except PreconditionFailedError:
            # An earlier attempt whose answer was lost: nobody else makes this key.
            if self._store.head(file.key) is None:
                raise

    def _put_off(self, reason: str) -> None:
        self._retry_at = time.monotonic() + self._retry_s
        if not self._is_failing:
            _logger.warning("query log: rows are kept and tried again, %d now: %s", self.unwritten, reason)
        self._is_failing = True

    def _drop_oldest(self) -> None:
        dropped = 0
        while self._files and self.unwritten > self._most_kept:
            rows = self._files.popleft().rows
            self._settle(rows)
            dropped += rows
        if dropped:
            self.lost += dropped
            _logger.error(
                "query log: the store is away for too long: the %d oldest rows are dropped, %d are kept",
                dropped,
                self.unwritten,
            )

    def _settle(self, rows: int) -> None:
        with self._changed:
            self._unwritten -= rows


def _day(record: QueryRecord) -> str:
    return record.timestamp.astimezone(UTC).date().isoformat()
