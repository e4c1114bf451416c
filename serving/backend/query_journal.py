"""Rows of the query log that are not in the store yet, on this machine's disk: what a killed process leaves behind.

Each batch has a file, one JSON line a row, which is removed when the batch is in the store. A line is written before
its query is answered, and not forced to the disk: a process that is killed loses none, a machine that crashes may. A
file carries a lock while its process lives; one without is taken over by the next process that is started with the
same folder and the same store. The folder is as lasting as FINRAG_CACHE_DIR is: a new pod begins with an empty one.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from finrag_ml_tg1.loaders.locked_files import open_locked, open_unlocked
from serving.backend.query_record import QueryRecord

__all__ = ["JournalFile", "LeftBatch", "QueryJournal"]

_SUFFIX = ".jsonl"
_ROW = TypeAdapter(QueryRecord)

_logger = logging.getLogger(__name__)


class JournalFile:
    """The rows of one batch, locked by this process until it is removed or left. For one thread at a time."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size

    def add(self, record: QueryRecord) -> None:
        """Write a row; raises OSError, and then nothing of it is in the file."""
        line = _ROW.dump_json(record) + b"\n"
        if os.pwrite(self._descriptor, line, self._size) != len(line):
            os.ftruncate(self._descriptor, self._size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += len(line)

    def remove(self) -> None:
        """Remove the file: its rows are in the store. One that cannot be removed is told of."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            # The next process finds them there, under the same key.
            _logger.warning("query log: the journal of rows that are in the store cannot be removed: %s", error)
        self.leave()

    def leave(self) -> None:
        """Give up the file, for the next process to take over."""
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class LeftBatch:
    """A batch that a process which has ended left, under the name it had."""

    name: str
    records: tuple[QueryRecord, ...]
    file: JournalFile


class QueryJournal:
    """The files below `folder` for one store; safe for processes that share the folder.

    While the folder cannot be written, nothing fails: that is told once, and `is_failing`.
    """

    def __init__(self, folder: Path, store_url: str) -> None:
        self.folder = folder / "query-journal" / hashlib.sha256(store_url.encode()).hexdigest()[:16]
        self.is_failing = False

    def begin(self, name: str) -> JournalFile | None:
        """Return a new file for the batch of this name; None when there can be none."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.folder / f"{name}{_SUFFIX}"
            return JournalFile(path, open_locked(path))
        except OSError as error:
            self._tell(error)
            return None

    def add(self, record: QueryRecord, file: JournalFile) -> bool:
        """Write a row to the file; return whether it is in it."""
        try:
            file.add(record)
        except OSError as error:
            self._tell(error)
            return False
        self.is_failing = False
        return True

    def take_over(self) -> list[LeftBatch]:
        """Return what processes that have ended left, oldest first, now locked by this one.

        A last line that is not whole is of a query that was never answered, and is passed over.
        """
        left: list[LeftBatch] = []
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")) if self.folder.is_dir() else []:
            try:
                batch = _left(path)
            except OSError as error:
                _logger.warning("query log: rows that an earlier process left may be missing: %s", error)
                continue
            if batch is not None and batch.records:
                left.append(batch)
            elif batch is not None:
                batch.file.remove()
        return left

    def _tell(self, error: OSError) -> None:
        if not self.is_failing:
            _logger.warning(
                "query log: FINRAG_CACHE_DIR cannot be written: rows wait for the store in memory alone: %s",
                error,
            )
        self.is_failing = True


def _left(path: Path) -> LeftBatch | None:
    """Return the batch in a file, locked; None when its process lives."""
    descriptor = open_unlocked(path)
    if descriptor is None:
        return None
    try:
        return LeftBatch(path.stem, tuple(_rows(path)), JournalFile(path, descriptor))
    except OSError:
        os.close(descriptor)
        raise


def _rows(path: Path) -> Iterator[QueryRecord]:
    unreadable = 0
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            yield _ROW.validate_json(line)
        except ValidationError:
            unreadable += 1
    if unreadable:
        _logger.error("query log: %d rows of %s cannot be read and are lost", unreadable, path)
