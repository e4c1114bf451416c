"""An object store for tests that remembers what was written and fails where it is told to."""

from __future__ import annotations

from collections.abc import Iterator

from finrag_ml_tg1.errors import StoreUnavailableError
from finrag_ml_tg1.loaders.object_store import ObjectInfo, ObjectStore, StoredObject

__all__ = ["RecordingStore", "contents"]


class RecordingStore:
    """ObjectStore over another; `fail_at` is the number of the put, from 0, that is refused."""

    def __init__(self, inner: ObjectStore, fail_at: int | None = None) -> None:
        self._inner = inner
        self._fail_at = fail_at
        self.puts: list[str] = []
        self.deletes: list[str] = []

    @property
    def url(self) -> str:
        return self._inner.url

    def get(self, key: str) -> StoredObject:
        return self._inner.get(key)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return self._inner.get_range(key, start, length)

    def head(self, key: str) -> ObjectInfo | None:
        return self._inner.head(key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._inner.list(prefix)

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        self.puts.append(key)
        if len(self.puts) - 1 == self._fail_at:
            raise StoreUnavailableError(f"{key} cannot be written: the test says so")
        return self._inner.put(key, data, if_match=if_match, if_absent=if_absent)

    def delete(self, key: str) -> None:
        self.deletes.append(key)
        self._inner.delete(key)


def contents(store: ObjectStore) -> dict[str, bytes]:
    """Return all objects of a store."""
    return {entry.key: store.get(entry.key).data for entry in store.list("")}
