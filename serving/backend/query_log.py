"""One row for each query, added to the store in batches by a thread of its own.

A query never waits for the store and never fails because of the log. Files are only added, each whole or not at all.
What is not in the store yet is in a journal on this machine's disk, from which the next process writes what one that
was killed left. While the store is away, rows are kept and tried again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from finrag_ml_tg1.errors import FinRAGError, PreconditionFailedError
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.dated_keys import day_folder, new_name, utc_now
from serving.backend.query_journal import JournalFile, QueryJournal
from serving.backend.query_record import QueryRecord, queries_parquet

__all__ = ["INTERVAL_S", "QUERIES_FOLDER", "ROWS_OF_A_FILE", "QueryLog"]

QUERIES_FOLDER = "logs/queries"
ROWS_OF_A_FILE = 100
INTERVAL_S = 60.0
RETRY_S = 15.0
MOST_KEPT = 10_000

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Batch:
    """Rows of one name: in the store, on the disk until then, and after a crash."""

    name: str
    journal: JournalFile | None
    records: list[QueryRecord] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _File:
    """What is written of a batch: key and bytes stay the same through all attempts. `journal` has nothing beyond it."""

    key: str
    data: bytes
    rows: int
    journal: JournalFile | None


class QueryLog:
    """Takes records from any thread and writes them: `rows_of_a_file` together, or what there is after `interval_s`.

    Of rows that cannot be written the newest `most_kept` are tried again every `retry_s`. With a `journal` they are on
    this machine's disk meanwhile; while that cannot be written, they are in memory alone, and the server's log says so.
    """

    def __init__(
        self,
        store: ObjectStore,
        journal: QueryJournal | None = None,
        *,
        interval_s: float = INTERVAL_S,
        retry_s: float = RETRY_S,
        rows_of_a_file: int = ROWS_OF_A_FILE,
        most_kept: int = MOST_KEPT,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._journal = journal
        self._interval_s = interval_s
        self._retry_s = retry_s
        self._rows_of_a_file = rows_of_a_file
        self._most_kept = most_kept
        self._clock = clock
        self._changed = threading.Condition()
        self._open: _Batch | None = None
        self._full: list[_Batch] = []
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

    def take_over(self) -> dict[str, list[QueryRecord]]:
        """Take what an earlier process did not get into the store; return the rows by the key each is written under.

        To be called before `start`. A key may be in the store already: then nothing is written.
        """
        if self._journal is None:
            return {}
        left: dict[str, list[QueryRecord]] = {}
        for batch in self._journal.take_over():
            self._full.append(_Batch(batch.name, batch.file, list(batch.records)))
            left |= _by_key(batch.name, batch.records)
        self._unwritten = sum(map(len, left.values()))
        if left:
            _logger.info("query log: %d rows that an earlier process left are taken over", self._unwritten)
        return left

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def append(self, record: QueryRecord) -> None:
        """Take a record; returns at once and never fails. Once it returns, the end of the process costs no row."""
        with self._changed:
            is_first = self._open is None
            batch = self._open or self._begun()
            if self._journal and batch.journal:
                self._journal.add(record, batch.journal)
            batch.records.append(record)
            self._unwritten += 1
            is_full = len(batch.records) >= self._rows_of_a_file
            if is_full:
                self._full.append(batch)
            self._open = None if is_full else batch
            if is_first or is_full:
                self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Write what there is, once, and end; rows that are not written after `timeout_s` are counted.

        They are left to the next process in the journal; without one they are lost.
        """
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        if not self.unwritten:
            return
        if self._journal is None or self._journal.is_failing:
            _logger.error("query log: %d rows could not be written before the end and are lost", self.unwritten)
        else:
            _logger.warning(
                "query log: %d rows could not be written before the end: the next start with %s writes them",
                self.unwritten,
                self._journal.folder,
            )

    def _begun(self) -> _Batch:
        self._oldest_at = time.monotonic()
        name = new_name(self._clock())
        return _Batch(name, self._journal.begin(name) if self._journal else None)

    def _run(self) -> None:
        while self._awaits_work():
            self._make_files()
            if time.monotonic() >= self._retry_at:
                self._write_files()
            self._drop_oldest()
        self._make_files()
        self._write_files()
        for file in self._files:
            if file.journal is not None:
                file.journal.leave()

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
        if self._full:
            return 0.0
        due = []
        if self._files:
            due.append(self._retry_at)
        elif self._open:
            due.append(self._oldest_at + self._interval_s)
        return min(due) - time.monotonic() if due else None

    def _make_files(self) -> None:
        with self._changed:
            batches, self._full = self._full, []
            # While files wait for the store, rows are gathered: a file for each of them would hold much more.
            is_due = not self._files and time.monotonic() >= self._oldest_at + self._interval_s
            if self._open and (is_due or self._is_closing):
                batches.append(self._open)
                self._open = None
        for batch in batches:
            made = [made for key, rows in _by_key(batch.name, batch.records).items() if (made := self._made(key, rows))]
            if made:
                self._files.extend((*made[:-1], replace(made[-1], journal=batch.journal)))
            elif batch.journal is not None:
                batch.journal.remove()

    def _made(self, key: str, rows: Sequence[QueryRecord]) -> _File | None:
        try:
            return _File(key, queries_parquet(rows), len(rows), None)
        except Exception:
            # These rows would fail each time again, and hold up all that follow.
            _logger.exception("query log: %d rows cannot be written as Parquet and are left out", len(rows))
            self._settle(len(rows))
            self.lost += len(rows)
            return None

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
            self._settle_first()
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
            dropped += self._settle_first()
        if dropped:
            self.lost += dropped
            _logger.error(
                "query log: the store is away for too long: the %d oldest rows are dropped, %d are kept",
                dropped,
                self.unwritten,
            )

    def _settle_first(self) -> int:
        """Be done with the oldest file; return how many rows it has."""
        file = self._files.popleft()
        if file.journal is not None:
            file.journal.remove()
        self._settle(file.rows)
        return file.rows

    def _settle(self, rows: int) -> None:
        with self._changed:
            self._unwritten -= rows


def _by_key(name: str, records: Sequence[QueryRecord]) -> dict[str, list[QueryRecord]]:
    """The rows of a batch by the object they are written to: one a day."""
    found: dict[str, list[QueryRecord]] = {}
    for record in records:
        day = record.timestamp.astimezone(UTC).date()
        found.setdefault(f"{day_folder(QUERIES_FOLDER, day)}{name}.parquet", []).append(record)
    return found
