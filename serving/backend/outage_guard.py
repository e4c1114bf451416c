"""A store that is away answers at once: waiting for it would hold the threads that other questions need.

After a failure to reach it, all reading is refused for a pause; then one caller asks again, and the others are refused
until it has an answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from finrag_ml_tg1.errors import StoreUnavailableError
from finrag_ml_tg1.loaders.object_store import ObjectInfo, ObjectStore, StoredObject

__all__ = ["GuardedStore"]

R = TypeVar("R")


class GuardedStore:
    """An ObjectStore over another; what is read of it fails at once for `pause_s` seconds after it was unreachable.

    Safe for use from several threads.
    """

    def __init__(self, store: ObjectStore, pause_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._pause_s = pause_s
        self._clock = clock
        self._lock = threading.Lock()
        self._outage = ""
        self._pause_ends_at = 0.0
        self._is_being_tried = False

    @property
    def url(self) -> str:
        """The store's address."""
        return self._store.url

    def get(self, key: str) -> StoredObject:
        """Return the whole object; raises ObjectNotFoundError."""
        return self._guarded(lambda: self._store.get(key))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return exactly `length` bytes from offset `start`; raises ObjectNotFoundError, StoreError past the end."""
        return self._guarded(lambda: self._store.get_range(key, start, length))

    def head(self, key: str) -> ObjectInfo | None:
        """Return the object's size and ETag, or None when it does not exist."""
        return self._guarded(lambda: self._store.head(key))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield all objects whose key starts with `prefix`, sorted by key."""
        return self._store.list(prefix)

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        """Write the object whole or not at all, under the conditions given."""
        return self._store.put(key, data, if_match=if_match, if_absent=if_absent)

    def delete(self, key: str) -> None:
        """Remove the object; no error when it is not there."""
        self._store.delete(key)

    def _guarded(self, read: Callable[[], R]) -> R:
        is_trying = self._begin()
        outage = ""
        try:
            return read()
        except StoreUnavailableError as error:
            outage = str(error)
            raise
        finally:
            self._end(is_trying, outage)

    def _begin(self) -> bool:
        """Return whether this read finds out if the store is back; raises StoreUnavailableError when it may not ask."""
        with self._lock:
            if not self._outage:
                return False
            if self._is_being_tried or self._clock() < self._pause_ends_at:
                raise StoreUnavailableError(self._outage)
            self._is_being_tried = True
            return True

    def _end(self, is_trying: bool, outage: str) -> None:
        with self._lock:
            if is_trying:
                self._is_being_tried = False
            if outage:
                self._pause_ends_at = self._clock() + self._pause_s
            if outage or is_trying:
                self._outage = outage
