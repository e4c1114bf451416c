"""Locks on files of the cache, of folder stores and of the query log's journal.

Threads and processes see them, and they end with the process, however it ends.

A pinned file carries a shared lock, a half file that is worked at an exclusive one: of several that want the same file
one reads it and the others wait, or go on with it when that one is killed. What carries a lock is not evicted.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["open_half_file", "open_locked", "open_pinned", "open_unlocked", "remove_unlocked"]

_LOOK_S = 0.02


@contextmanager
def open_half_file(path: Path) -> Iterator[int]:
    """Yield a descriptor of the half file at `path`, there or new, that no other thread or process works at."""
    descriptor = open_locked(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_locked(path: Path) -> int:
    """Return a descriptor that keeps others from the file at `path`, there or new; waits for who works at it.

    One that is finished or removed meanwhile is not waited for: under its new name it may be pinned for hours.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while _is_at(descriptor, path):
                if not _try_lock(descriptor):
                    time.sleep(_LOOK_S)
                elif _is_at(descriptor, path):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def open_unlocked(path: Path) -> int | None:
    """Return a descriptor that keeps others from the file; None when it carries a lock, or has just gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(descriptor, path):
            return descriptor
    except BlockingIOError:
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def open_pinned(path: Path) -> int | None:
    """Return a descriptor that keeps the file from eviction until it is closed; None when the file has just gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    if _is_at(descriptor, path):
        return descriptor
    os.close(descriptor)
    return None


def remove_unlocked(path: Path) -> bool:
    """Remove the file unless it carries a lock, or is another by now; return whether it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        is_ours = _is_at(descriptor, path)
        if is_ours:
            path.unlink(missing_ok=True)
        return is_ours
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
