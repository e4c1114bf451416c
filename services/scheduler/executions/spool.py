"""Records on disk until they are on S3: one file a batch, so that a killed worker loses no finished record.

A folder belongs to the process that holds the lock (flock) of its file `lock`. What a dead worker left is taken over by
the next one that starts: the system frees its lock, however it died.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path

__all__ = ["Batch", "Spool", "batch_name"]

_LOCK = "lock"
_NEW = ".new-"
_DAMAGED = ".damaged"
_logger = logging.getLogger(__name__)


class Batch:
    """A closed file of records, one JSON object a line."""

    def __init__(self, path: Path, records: int, size: int) -> None:
        self.path = path
        self.records = records
        self.size = size

    @property
    def name(self) -> str:
        """As of `batch_name`."""
        return self.path.stem


class Spool:
    """The folder of one worker. Not for threads; a record is on disk when `append` returns."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Take a new folder, and what dead workers left beside it. Raises OSError."""
        self._most_bytes = most_bytes
        self._batches: list[Batch] = []
        self._open: Batch | None = None
        self._file = -1
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._lock = _own_folder(folder)
        for other in sorted(folder.iterdir()):
            if other.is_dir() and other != self._folder:
                self._take_over(other)

    @property
    def records(self) -> int:
        """Records that wait here."""
        return sum(batch.records for batch in self._batches) + self.open_records

    @property
    def open_records(self) -> int:
        """Records of the batch that is not closed yet."""
        return self._open.records if self._open else 0

    @property
    def size(self) -> int:
        """Bytes that wait here."""
        return sum(batch.size for batch in self._batches) + (self._open.size if self._open else 0)

    @property
    def is_full(self) -> bool:
        """Whether no more should be brought."""
        return self.size >= self._most_bytes

    @property
    def batches(self) -> tuple[Batch, ...]:
        """The closed ones, the oldest first."""
        return tuple(self._batches)

    def append(self, line: str) -> None:
        """Add a record to the open batch. Raises OSError: then it is not there, not in part either."""
        if self._open is None:
            path = self._folder / f"{batch_name()}.jsonl"
            self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._open = Batch(path, 0, 0)
        data = line.encode("utf-8", "replace") + b"\n"
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            os.ftruncate(self._file, self._open.size)
            raise
        self._open.records += 1
        self._open.size += len(data)

    def seal(self) -> None:
        """Close the open batch, if there is one."""
        if self._open is not None:
            os.close(self._file)
            self._batches.append(self._open)
            self._open = None

    def read(self, batch: Batch) -> list[dict[str, object]]:
        """Return the records of a batch. Lines that are none stay in a file `….damaged`, and the log says so."""
        records: list[dict[str, object]] = []
        damaged = 0
        for line in batch.path.read_bytes().splitlines():
            record = _record(line)
            if record is None:
                damaged += 1
            else:
                records.append(record)
        if damaged:
            kept = batch.path.with_suffix(_DAMAGED)
            shutil.copyfile(batch.path, kept)
            _logger.error("%d lines of the spool are no records; they are kept in %s", damaged, kept)
        return records

    def remove(self, batch: Batch) -> None:
        """Delete a batch that is on S3."""
        batch.path.unlink(missing_ok=True)
        self._batches.remove(batch)

    def close(self) -> None:
        """Free the folder for the next worker; delete it where nothing waits in it."""
        self.seal()
        if not any(path.name != _LOCK for path in self._folder.iterdir()):
            shutil.rmtree(self._folder)
        os.close(self._lock)

    def _take_over(self, other: Path) -> None:
        lock = _locked(other)
        if lock is None:
            return
        try:
            for path in sorted(other.iterdir()):
                if path.name == _LOCK:
                    continue
                taken = path.rename(self._folder / path.name)
                if taken.suffix == ".jsonl":
                    self._batches.append(_found(taken))
            shutil.rmtree(other, ignore_errors=True)
        finally:
            os.close(lock)
        self._batches.sort(key=lambda batch: batch.name)


def batch_name() -> str:
    """Return `{milliseconds since 1970}-{random}`: no two writers have the same."""
    return f"{time.time_ns() // 1_000_000}-{secrets.token_hex(4)}"


def _own_folder(folder: Path) -> tuple[Path, int]:
    """Make a folder and lock it before others can see it under a name that they would look into."""
    made = Path(tempfile.mkdtemp(prefix=_NEW, dir=folder))
    lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return made.rename(folder / made.name.removeprefix(_NEW)), lock


def _locked(folder: Path) -> int | None:
    """Return the lock of a folder that nobody holds."""
    if folder.name.startswith(_NEW):
        return None
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    if os.fstat(lock).st_nlink == 0:
        # Whoever held it until now has deleted the folder.
        os.close(lock)
        return None
    return lock


def _record(line: bytes) -> dict[str, object] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and {"timestamp", "workspace_id"} <= record.keys() else None


def _found(path: Path) -> Batch:
    with path.open("rb") as file:
        return Batch(path, sum(1 for _ in file), path.stat().st_size)
