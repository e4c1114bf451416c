"""One row for each query, added to the store in batches by a thread of its own.

A query never waits for the store and never fails because of the log. Files are only added, each whole or not at all.
What is not in the store yet is in a journal on this machine's disk, from which the next process writes what one that
was killed left. While the store is away, rows are kept and tried again. A store that does not allow the log has it
switched off: nothing is gathered, on disk or in memory, but for a batch now and then to see if that has changed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from finrag_ml_tg1.errors import StoreDeniedError
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.dated_keys import utc_now
from serving.backend.log_uploads import LogUploads
from serving.backend.query_batches import files_of
from serving.backend.query_gathering import QueryGathering
from serving.backend.query_journal import QueryJournal
from serving.backend.query_record import QueryRecord
from serving.backend.store_access import StoreAccess

__all__ = ["INTERVAL_S", "ROWS_OF_A_FILE", "QueryLog"]

ROWS_OF_A_FILE = 100
INTERVAL_S = 60.0
RETRY_S = 15.0
MOST_KEPT = 10_000

_logger = logging.getLogger(__name__)


class QueryLog:
    """Takes records from any thread and writes them: `rows_of_a_file` together, or what there is after `interval_s`.

    Of rows that cannot be written the newest `most_kept` are tried again every `retry_s`. With a `journal` they are on
    this machine's disk meanwhile; while that cannot be written, they are in memory alone, and the server's log says so.
    When the store does not allow writing, rows are let go, except for those of one batch every `access.trial_s`.
    """

    def __init__(
        self,
        store: ObjectStore,
        journal: QueryJournal | None = None,
        access: StoreAccess | None = None,
        *,
        interval_s: float = INTERVAL_S,
        retry_s: float = RETRY_S,
        rows_of_a_file: int = ROWS_OF_A_FILE,
        most_kept: int = MOST_KEPT,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._journal = journal
        self._access = access or StoreAccess()
        self._interval_s = interval_s
        self._most_kept = most_kept
        self._rows = QueryGathering(journal, rows_of_a_file, clock)
        self._uploads = LogUploads(store, self._rows.settle, retry_s)
        self._is_closing = False
        self.lost = 0
        self._thread = threading.Thread(target=self._run, name="query-log", daemon=True)

    @property
    def unwritten(self) -> int:
        """How many rows are not in the store yet."""
        return self._rows.unwritten

    def take_over(self) -> dict[str, list[QueryRecord]]:
        """Take what an earlier process did not get into the store; return the rows by the key each is written under.

        To be called before `start`. A key may be in the store already: then what is there stays.
        """
        return self._rows.take_over()

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def append(self, record: QueryRecord) -> None:
        """Take a record; returns at once and never fails. Once it returns, the end of the process costs no row."""
        self._rows.append(record)

    def close(self, timeout_s: float) -> None:
        """Write what there is, once, and end; rows that are not written after `timeout_s` are counted.

        They are left to the next process in the journal; without one they are lost.
        """
        with self._rows.changed:
            self._is_closing = True
            self._rows.changed.notify()
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

    def _run(self) -> None:
        while self._awaits_work():
            self._make_files()
            if time.monotonic() >= self._uploads.retry_at:
                self._write_files()
            self._drop_oldest()
        self._make_files()
        self._write_files()
        self._uploads.leave()

    def _awaits_work(self) -> bool:
        """Wait until there is something to do; False when the log is to end."""
        with self._rows.changed:
            while not self._is_closing:
                delay = self._seconds_to_work()
                if delay is not None and delay <= 0:
                    return True
                self._rows.changed.wait(delay)
        return False

    def _seconds_to_work(self) -> float | None:
        if self._rows.has_full:
            return 0.0
        if self._uploads:
            return self._uploads.retry_at - time.monotonic()
        oldest_at = self._rows.oldest_at
        return None if oldest_at is None else oldest_at + self._interval_s - time.monotonic()

    def _make_files(self) -> None:
        oldest_at = self._rows.oldest_at
        # While files wait for the store, rows are gathered: a file for each of them would hold much more.
        is_due = not self._uploads and oldest_at is not None and time.monotonic() >= oldest_at + self._interval_s
        for batch in self._rows.take(with_open=is_due or self._is_closing):
            files, left_out = files_of(batch)
            self._uploads.add(files)
            self._rows.settle(left_out)
            self.lost += left_out

    def _write_files(self) -> None:
        has_files = bool(self._uploads)
        try:
            self._uploads.write()
        except StoreDeniedError as error:
            self._switch_off(error)
            return
        if has_files and not self._uploads:
            self._rows.resume()
            self._access.allow("writing logs/")

    def _switch_off(self, error: StoreDeniedError) -> None:
        """Gather no more rows for a while; those that wait stay in the journal until they may be written."""
        is_news = not self._access.is_denied("writing logs/")
        waiting = self.unwritten
        self._rows.settle(self._uploads.leave())
        self._rows.pause(self._access.trial_s)
        self._access.deny("writing logs/", error)
        if not is_news:
            return
        if self._journal is None or self._journal.is_failing:
            self.lost += waiting
            _logger.error("query log: switched off; %d rows are lost", waiting)
        else:
            _logger.info("query log: switched off; %d rows wait in %s meanwhile", waiting, self._journal.folder)

    def _drop_oldest(self) -> None:
        dropped = 0
        while self._uploads and self.unwritten > self._most_kept:
            dropped += self._uploads.drop_oldest()
        if dropped:
            self.lost += dropped
            _logger.error(
                "query log: the store is away for too long: the %d oldest rows are dropped, %d are kept",
                dropped,
                self.unwritten,
            )
