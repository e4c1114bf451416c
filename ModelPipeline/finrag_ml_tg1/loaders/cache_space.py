"""Keeps a folder of cached files within a size limit, together with the other processes that use it.

A pinned file carries a shared lock, which other processes see and which ends with this one, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.errors import StoreError

__all__ = ["TEMPORARY_SUFFIX", "CacheSpace"]

TEMPORARY_SUFFIX = ".tmp"
_STALE_SECONDS = 600  # a download writes far more often; an older half file has lost its process
_UNCOUNTED_FILES = 64  # after so many new files, look again at what other processes have added


@dataclass(slots=True)
class _Pin:
    descriptor: int
    count: int


class CacheSpace:
    """The files of `folder`, at most `max_bytes` of them, but for what several threads are downloading right now."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._pins: dict[str, _Pin] = {}
        self._known_bytes = 0
        self._uncounted_files = _UNCOUNTED_FILES
        self._lock = threading.Lock()

    def make(self, size: int) -> None:
        """Evict the least recently used files until `size` more bytes fit; raises StoreError when they cannot."""
        with self._lock:
            if self._uncounted_files < _UNCOUNTED_FILES and self._known_bytes + size <= self._max_bytes:
                return
            self._known_bytes, self._uncounted_files = self._evict_for(size), 0
            total = self._known_bytes
        if total + size > self._max_bytes:
            raise StoreError(
                f"The cache {self._folder} cannot take {size:,} bytes: {total:,} of {self._max_bytes:,} are in use; "
                "raise FINRAG_CACHE_MB."
            )

    def add(self, size: int) -> None:
        """Count a file that is now in the folder."""
        with self._lock:
            self._known_bytes += size
            self._uncounted_files += 1

    def pin(self, name: str) -> bool:
        """Keep the file until as many calls of `unpin`; False when another process has evicted it just now."""
        with self._lock:
            if name in self._pins:
                self._pins[name].count += 1
                return True
            try:
                descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return False
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            if not _is_same_file(descriptor, self._folder / name):
                os.close(descriptor)
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

    def _evict_for(self, size: int) -> int:
        """Return how many bytes are in use after as many evictions as it takes, or as are possible."""
        files = self._scan()
        total = sum(status.st_size for _, status in files)
        for path, status in sorted(files, key=lambda file: file[1].st_mtime_ns):
            if total + size <= self._max_bytes:
                break
            if path.suffix != TEMPORARY_SUFFIX and _evict(path):
                total -= status.st_size
        return total

    def _scan(self) -> list[tuple[Path, os.stat_result]]:
        """Return all files, without the half ones of dead processes, which are removed."""
        files = []
        for path in self._folder.iterdir():
            try:
                status = path.stat()
            except FileNotFoundError:  # evicted by another process meanwhile
                continue
            if path.suffix == TEMPORARY_SUFFIX and time.time() - status.st_mtime > _STALE_SECONDS:
                path.unlink(missing_ok=True)
            else:
                files.append((path, status))
        return files


def _evict(path: Path) -> bool:
    """Remove the file unless it is pinned, by this process or another; return whether it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
