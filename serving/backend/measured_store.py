"""Counts what is asked of a store, over whichever store it is; adds nothing to a request but two looks at the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram

from finrag_ml_tg1.errors import ObjectNotFoundError, PreconditionFailedError, StoreUnavailableError
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectInfo, ObjectStore, StoredObject

__all__ = ["MeasuredStore", "StoreMeasures", "measured"]

R = TypeVar("R")

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def measured(store: ObjectStore, registry: CollectorRegistry) -> ObjectStore:
    """Return the store, counted; a folder is read where it is, and is returned as it is."""
    measures = StoreMeasures(registry)
    return store if isinstance(store, LocalFolderStore) else MeasuredStore(store, measures)


class StoreMeasures:
    """The counts of a store's requests."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "finrag_store_requests",
            "Requests to a store that is no folder, by operation and outcome: ok, not_found, precondition, "
            "unavailable or error. What was tried again and succeeded is one request.",
            ("operation", "outcome"),
            registry=registry,
        )
        self.seconds = Histogram(
            "finrag_store_request_duration_seconds",
            "Seconds of a request to the store, attempts included, by operation.",
            ("operation",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.read_bytes = Counter("finrag_store_read_bytes", "Bytes read from the store.", registry=registry)
        self.written_bytes = Counter("finrag_store_written_bytes", "Bytes written to the store.", registry=registry)


class MeasuredStore:
    """An ObjectStore over another; safe for use from several threads when that one is."""

    def __init__(self, store: ObjectStore, measures: StoreMeasures) -> None:
        self._store = store
        self._measures = measures

    @property
    def url(self) -> str:
        """The store's address."""
        return self._store.url

    def get(self, key: str) -> StoredObject:
        """Return the whole object; raises ObjectNotFoundError."""
        stored = self._measured("get", lambda: self._store.get(key))
        self._measures.read_bytes.inc(len(stored.data))
        return stored

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return exactly `length` bytes from offset `start`; raises ObjectNotFoundError, StoreError past the end."""
        data = self._measured("get", lambda: self._store.get_range(key, start, length))
        self._measures.read_bytes.inc(len(data))
        return data

    def head(self, key: str) -> ObjectInfo | None:
        """Return the object's size and ETag, or None when it does not exist."""
        return self._measured("head", lambda: self._store.head(key))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield all objects whose key starts with `prefix`, sorted by key; counted when the first is asked for."""
        listed = self._store.list(prefix)
        first = self._measured("list", lambda: next(listed, None))
        if first is not None:
            yield first
            yield from listed

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        """Write the object whole or not at all, under the conditions given."""
        put = self._measured("put", lambda: self._store.put(key, data, if_match=if_match, if_absent=if_absent))
        self._measures.written_bytes.inc(len(data))
        return put

    def delete(self, key: str) -> None:
        """Remove the object; no error when it is not there."""
        self._measured("delete", lambda: self._store.delete(key))

    def _measured(self, operation: str, request: Callable[[], R]) -> R:
        began = time.perf_counter()
        outcome = "error"
        try:
            given = request()
            outcome = "ok"
        except ObjectNotFoundError:
            outcome = "not_found"
            raise
        except PreconditionFailedError:
            outcome = "precondition"
            raise
        except StoreUnavailableError:
            outcome = "unavailable"
            raise
        finally:
            self._measures.requests.labels(operation, outcome).inc()
            self._measures.seconds.labels(operation).observe(time.perf_counter() - began)
        return given
