"""A store that is not a folder to the cache, whose reads are counted and can be made to fail."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator

from finrag_ml_tg1.loaders.expected_file import ExpectedFile, hash_blocks
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectInfo, ObjectStore, StoredObject

__all__ = ["RemoteStore", "put", "put_described"]


class RemoteStore:
    """Serves a folder; `reads` are what was read, `change` may raise or return other bytes for a read."""

    def __init__(self, store: LocalFolderStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._reading = 0
        self.url = "s3://bucket/prefix"
        self.reads: list[str] = []
        self.most_at_once = 0
        self.change: Callable[[str, bytes], bytes] = lambda _read, data: data

    def get(self, key: str) -> StoredObject:
        stored = self._store.get(key)
        return StoredObject(self._counted(key, lambda: stored.data), stored.etag)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return self._counted(f"{key} {start}+{length}", lambda: self._store.get_range(key, start, length))

    def head(self, key: str) -> ObjectInfo | None:
        return self._store.head(key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._store.list(prefix)

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        return self._store.put(key, data, if_match=if_match, if_absent=if_absent)

    def delete(self, key: str) -> None:
        self._store.delete(key)

    def _counted(self, read: str, work: Callable[[], bytes]) -> bytes:
        with self._lock:
            self.reads.append(read)
            self._reading += 1
            self.most_at_once = max(self.most_at_once, self._reading)
        try:
            return self.change(read, work())
        finally:
            with self._lock:
                self._reading -= 1


def put(store: ObjectStore, key: str, data: bytes) -> tuple[str, int]:
    """Store the object; return what a catalog would say of it."""
    store.put(key, data)
    return hashlib.sha256(data).hexdigest(), len(data)


def put_described(store: ObjectStore, key: str, data: bytes) -> ExpectedFile:
    """Store the object; return what a manifest would say of it."""
    sha256, size = put(store, key, data)
    return ExpectedFile(key, sha256, size, hash_blocks(data))
