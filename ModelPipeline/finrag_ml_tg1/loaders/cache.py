"""Local copies of immutable objects: read from the store once, checked by hash, kept within a size limit.

A file is named by its SHA-256, so several stores, index versions and processes can share one folder.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finrag_ml_tg1.errors import IndexCorruptError, ObjectNotFoundError, StoreError
from finrag_ml_tg1.loaders.cache_space import TEMPORARY_SUFFIX, CacheSpace
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["DiskCache"]

_BLOCK_BYTES = 8 * 1024 * 1024  # what is held in memory at a time
_log = logging.getLogger(__name__)


class DiskCache:
    """Files of a store below `folder`, within `max_bytes`. Safe for threads, and for processes that share the folder.

    For a LocalFolderStore nothing is copied: `fetch` returns the store's own file, checked all the same.
    """

    def __init__(self, folder: Path, store: ObjectStore, max_bytes: int) -> None:
        self._folder = folder
        self._objects = folder / "objects"
        self._store = store
        self._space = CacheSpace(self._objects, max_bytes)
        self._verified: set[tuple[str, str]] = set()
        self._file_locks = [threading.Lock() for _ in range(64)]

    def fetch(self, key: str, *, sha256: str, size: int, pin: bool = False) -> Path:
        """Return a local file, for reading only, whose content has this hash and size.

        The hash is computed at the download and once per process for a file that is there already; later calls look at
        the size alone. A file that is not pinned may be evicted by a later fetch: open it at once, or pin it; a pinned
        one stays until `unpin` or `close`.
        Raises IndexCorruptError when the store's object is another (nothing is kept), ObjectNotFoundError when there is
        none, StoreError when the folder cannot be written or the limit is too small.
        """
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise IndexCorruptError(f"The manifest's SHA-256 of {key} is malformed: build or publish the index again.")
        if isinstance(self._store, LocalFolderStore):
            return self._checked_original(self._store, key, sha256, size)
        lock = self._file_locks[int(sha256[:2], 16) % len(self._file_locks)]
        with lock, _explained(f"The cache folder {self._folder}", "FINRAG_CACHE_DIR"):
            while True:
                path = self._present(sha256, size) or self._download(key, sha256, size)
                if not pin or self._space.pin(sha256):
                    return path

    def unpin(self, sha256: str) -> None:
        """Take back one pinned `fetch` of this file; no error when there is none."""
        self._space.unpin(sha256)

    def close(self) -> None:
        """Unpin all files."""
        self._space.close()

    def _checked_original(self, store: LocalFolderStore, key: str, sha256: str, size: int) -> Path:
        path = store.local_path(key)
        info = store.head(key)
        if path is None or info is None:
            raise ObjectNotFoundError(f"{key} does not exist in {store.url}.")
        if (info.etag, sha256) not in self._verified:
            with _explained(f"The file {path}", "FINRAG_STORE"):
                if info.size != size or _hash(path) != sha256:
                    raise _corrupt(key, store.url)
            self._verified.add((info.etag, sha256))
        return path

    def _present(self, sha256: str, size: int) -> Path | None:
        """Return the file if it is there and good; one that is not is removed."""
        path = self._objects / sha256
        try:
            good = path.stat().st_size == size and (("", sha256) in self._verified or _hash(path) == sha256)
        except FileNotFoundError:
            return None
        if not good:
            _log.warning("%s was damaged and is read from the store again", path)
            path.unlink(missing_ok=True)
            return None
        self._verified.add(("", sha256))
        _touch(path)
        return path

    def _download(self, key: str, sha256: str, size: int) -> Path:
        self._objects.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._space.make(size)
        path = self._objects / sha256
        temporary = self._objects / f".{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"
        try:
            digest = hashlib.sha256()
            with temporary.open("xb") as file:
                for block in self._blocks(key, size):
                    digest.update(block)
                    file.write(block)
            if digest.hexdigest() != sha256:
                raise _corrupt(key, self._store.url)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        self._verified.add(("", sha256))
        self._space.add(size)
        return path

    def _blocks(self, key: str, size: int) -> Iterator[bytes]:
        if size <= _BLOCK_BYTES:
            data = self._store.get(key).data
            if len(data) != size:
                raise _corrupt(key, self._store.url)
            yield data
            return
        info = self._store.head(key)
        if info is None:
            raise ObjectNotFoundError(f"{key} does not exist in {self._store.url}.")
        if info.size != size:
            raise _corrupt(key, self._store.url)
        for start in range(0, size, _BLOCK_BYTES):
            yield self._store.get_range(key, start, min(_BLOCK_BYTES, size - start))


@contextmanager
def _explained(place: str, variable: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        advice = "free some space" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "check its permissions"
        raise StoreError(f"{place} cannot be used: {error.strerror}; {advice}, or set {variable} elsewhere.") from error


def _touch(path: Path) -> None:
    """Mark the file as just used; in a read-only folder, where nothing is evicted either, that is not needed."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in {errno.EROFS, errno.EPERM, errno.EACCES}:
            raise


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _corrupt(key: str, url: str) -> IndexCorruptError:
    return IndexCorruptError(f"{key} in {url} is not the file its manifest names: build or publish the index again.")
