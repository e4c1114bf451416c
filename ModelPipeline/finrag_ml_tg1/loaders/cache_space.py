"""Keeps a folder of cached files within a size limit, together with the other processes that use it.

A half file has its full size from the beginning (what is missing is a hole), so that everyone counts what is still to
come.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.errors import CacheFullError
from finrag_ml_tg1.loaders.locked_files import open_pinned, remove_unlocked
from finrag_ml_tg1.loaders.verified_files import MARK_SUFFIX, UNWRITABLE

__all__ = ["HALF_SUFFIX", "CacheSpace"]

HALF_SUFFIX = ".tmp"
_HALF_FILE_SECONDS = 24 * 60 * 60  # nobody has gone on with it since
_UNCOUNTED_FILES = 64  # after so many new files, look again at what other processes have added
_LARGE_BYTES = 1024 * 1024  # and before every file that is worth the look


@dataclass(slots=True)
class _Pin:
    descriptor: int
    count: int


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int
    used_ns: int


class CacheSpace:
    """The files of `folder`, at most `max_bytes` of them as far as this process has seen.

    Other processes may have added a file in the same moment, or some small ones since; the next file makes up for it.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._pins: dict[str, _Pin] = {}
        self._known_bytes = 0
        self._uncounted_files = _UNCOUNTED_FILES
        self._evicted_files = 0
        self._lock = threading.Lock()

    @property
    def known_bytes(self) -> int:
        """How many bytes the files have, as far as this process has seen; 0 before it added one."""
        return self._known_bytes

    @property
    def evicted_files(self) -> int:
        """How many files this process has removed to make room."""
        return self._evicted_files

    def grow(self, descriptor: int, size: int) -> None:
        """Give a locked half file its full size, evicting the least recently used files until it fits.

        Raises CacheFullError when it cannot fit.
        """
        with self._lock:
            more = size - os.fstat(descriptor).st_size
            if more:
                self._make(more)
                os.ftruncate(descriptor, size)
                self._known_bytes += more
                self._uncounted_files += 1

    def finish(self, half: Path, path: Path) -> None:
        """Give a half file that is whole its name; not while the files are being counted, which would miss it."""
        with self._lock:
            half.replace(path)

    def discard(self, half: Path, descriptor: int) -> None:
        """Remove a half file that this process has locked."""
        with self._lock:
            half.unlink(missing_ok=True)
            self._known_bytes -= os.fstat(descriptor).st_size

    def touch(self, name: str) -> None:
        """Mark the file as just used; in a read-only folder, where nothing is evicted either, that is not needed.

        It is the mark beside the file that gets the time: the file's own tell whether it was changed.
        """
        try:
            os.utime(self._folder / f"{name}{MARK_SUFFIX}")
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise

    def pin(self, name: str) -> bool:
        """Keep the file until as many calls of `unpin`; False when someone has evicted it just now."""
        with self._lock:
            if name in self._pins:
                self._pins[name].count += 1
                return True
            descriptor = open_pinned(self._folder / name)
            if descriptor is None:
                return False
            self._pins[name] = _Pin(descriptor, 1)
            return True

    def unpin(self, name: str) -> None:
        """Take back one `pin`; no error when there is none."""
        with self._lock:
            pin = self._pins.get(name)
            if pin is None:
                return
            pin.count -= 1
            if pin.count == 0:
                os.close(self._pins.pop(name).descriptor)

    def close(self) -> None:
        """Take back all pins."""
        with self._lock:
            for pin in self._pins.values():
                os.close(pin.descriptor)
            self._pins.clear()

    def _make(self, more: int) -> None:
        is_known = more < _LARGE_BYTES and self._uncounted_files < _UNCOUNTED_FILES
        if is_known and self._known_bytes + more <= self._max_bytes:
            return
        self._known_bytes, self._uncounted_files = self._evict_for(more), 0
        if self._known_bytes + more > self._max_bytes:
            raise CacheFullError(
                f"The cache {self._folder} cannot take {more:,} bytes: {self._known_bytes:,} of {self._max_bytes:,} "
                "are in use; raise FINRAG_CACHE_MB."
            )

    def _evict_for(self, more: int) -> int:
        """Return how many bytes are in use after as many evictions as it takes, or as are possible."""
        files = self._scan()
        total = sum(file.size for file in files)
        for file in sorted(files, key=lambda file: file.used_ns):
            if total + more <= self._max_bytes:
                break
            if _evict(file.path):
                total -= file.size
                self._evicted_files += 1
        return total

    def _scan(self) -> list[_File]:
        """Return all files, whole and half, without the half ones that nobody went on with, which are removed."""
        statuses = {}
        for path in self._folder.iterdir():
            try:
                statuses[path] = path.stat()
            except FileNotFoundError:  # evicted by another process meanwhile
                continue
        files = []
        for path, status in statuses.items():
            if path.suffix == MARK_SUFFIX:
                if path.with_suffix("") not in statuses:
                    path.unlink(missing_ok=True)
                continue
            is_old = time.time() - status.st_mtime > _HALF_FILE_SECONDS
            if path.suffix == HALF_SUFFIX and is_old and _evict(path):
                continue
            files.append(_File(path, status.st_size, statuses.get(_mark_of(path), status).st_mtime_ns))
        return files


def _evict(path: Path) -> bool:
    """Remove the file and its mark unless someone uses it now; return whether it is gone."""
    is_gone = remove_unlocked(path)
    if is_gone:
        _mark_of(path).unlink(missing_ok=True)
    return is_gone


def _mark_of(path: Path) -> Path:
    return path.with_name(f"{path.name}{MARK_SUFFIX}")
