"""The files of the query log that wait for the store, and their way there; of the log's writing thread alone."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable

from finrag_ml_tg1.errors import ConditionUnsupportedError, FinRAGError, PreconditionFailedError, StoreDeniedError
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.query_batches import LogFile

__all__ = ["LogUploads"]

_logger = logging.getLogger(__name__)


class LogUploads:
    """Files in the order they were made; `settle(rows)` is called for each that has been dealt with.

    While the store is away they are tried again every `retry_s`, which is told once.
    """

    def __init__(self, store: ObjectStore, settle: Callable[[int], None], retry_s: float) -> None:
        self._store = store
        self._settle = settle
        self._retry_s = retry_s
        self._files: deque[LogFile] = deque()
        self._is_failing = False
        self.retry_at = 0.0

    def __bool__(self) -> bool:
        return bool(self._files)

    def add(self, files: Iterable[LogFile]) -> None:
        """Take files to be written."""
        self._files.extend(files)

    def write(self) -> None:
        """Write all files, or those before the first that cannot be written; raises StoreDeniedError alone.

        A file whose answer was lost is written again, the same under the same key, which nobody else makes.
        """
        while self._files:
            try:
                self._put(self._files[0])
            except StoreDeniedError:
                raise
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

    def drop_oldest(self) -> int:
        """Give the oldest file up for good; return how many rows it has."""
        return self._settle_first()

    def leave(self) -> int:
        """Give all files up, with their journals for the next process to take over; return how many rows they have."""
        rows = sum(file.rows for file in self._files)
        for file in self._files:
            if file.journal is not None:
                file.journal.leave()
        self._files.clear()
        self._is_failing = False
        return rows

    def _put(self, file: LogFile) -> None:
        """Write a file. One that another process left is not written over what that one had written itself.

        That has every row which is left, and may have more: those whose journal a crash of the machine cut short. A
        service without conditions has it written over, which after the end of a process alone changes nothing.
        """
        if not file.is_left:
            self._store.put(file.key, file.data)
            return
        try:
            self._store.put(file.key, file.data, if_absent=True)
        except PreconditionFailedError:
            _logger.debug("query log: %s is in the store already", file.key)
        except ConditionUnsupportedError:
            self._store.put(file.key, file.data)

    def _put_off(self, reason: str) -> None:
        self.retry_at = time.monotonic() + self._retry_s
        if not self._is_failing:
            rows = sum(file.rows for file in self._files)
            _logger.warning("query log: rows are kept and tried again, %d now: %s", rows, reason)
        self._is_failing = True

    def _settle_first(self) -> int:
        file = self._files.popleft()
        if file.journal is not None:
            file.journal.remove()
        self._settle(file.rows)
        return file.rows
