"""Local copies of immutable objects: read from the store once, checked by hash, kept within a size limit.

A file is named by its SHA-256, so several stores, index versions and processes can share one folder.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.errors import ObjectNotFoundError, StoreError, StoreUnavailableError
from finrag_ml_tg1.loaders.cache_space import HALF_SUFFIX, CacheSpace
from finrag_ml_tg1.loaders.download import CONNECTIONS, Transfer, download_into, not_as_described
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.locked_files import open_half_file
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.loaders.verified_files import VerifiedFiles, hash_file

__all__ = ["CacheCounts", "DiskCache"]

_FILES_AT_ONCE = 8
_LARGE_BYTES = 1024 * 1024  # a smaller file of a folder store is hashed as fast as its mark is read and written
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """What a cache holds, and how often this process found a file there or had to read it from the store."""

    bytes: int
    limit_bytes: int
    hits: int
    misses: int
    evictions: int


class DiskCache:
    """Files of a store below `folder`, within `max_bytes`. Safe for threads, and for processes that share the folder.

    However many files are fetched at once, four blocks of 8 MiB are held in memory at most; a call may hold eight files
    of up to 2 MiB besides, of which the round trip is what takes long. For a LocalFolderStore nothing is copied:
    `fetch` returns the store's own file, checked all the same.
    """

    def __init__(self, folder: Path, store: ObjectStore, max_bytes: int) -> None:
        self._folder = folder
        self._objects = folder / "objects"
        self._store = store
        self._max_bytes = max_bytes
        self._hits = 0
        self._misses = 0
        self._counting = threading.Lock()
        self._space = CacheSpace(self._objects, max_bytes)
        self._verified = VerifiedFiles(folder / "originals" if isinstance(store, LocalFolderStore) else self._objects)
        self._file_locks = [threading.Lock() for _ in range(64)]
        self._connections = threading.BoundedSemaphore(CONNECTIONS)

    def fetch(self, key: str, *, sha256: str, size: int, blocks: tuple[str, ...] = (), pin: bool = False) -> Path:
        """Return a local file, for reading only, whose content has this hash and size; see ExpectedFile.

        What was downloaded in part, by this process or an earlier one, is gone on with where `blocks` are known. A file
        that is there already is hashed unless it is known to be as it was when it was last hashed, see VerifiedFiles.
        A file that is not pinned may be evicted by another fetch, even before it is opened; a pinned one stays until
        `unpin` or `close`.
        Raises IndexCorruptError when the store's object is another (nothing is kept), ObjectNotFoundError when there is
        none, StoreError when the folder cannot be written or the limit is too small.
        """
        file = ExpectedFile(key, sha256, size, blocks)
        with self._transfer() as transfer:
            return self._fetch(file, pin, transfer)

    def fetch_all(self, files: Sequence[ExpectedFile], *, pin: bool = False) -> list[Path]:
        """Return the local files in this order, fetched side by side; see `fetch`.

        When one cannot be fetched its error is raised and none stays pinned by this call.
        """
        with self._transfer() as transfer, ThreadPoolExecutor(_FILES_AT_ONCE, thread_name_prefix="fetch") as pool:
            fetches = [pool.submit(copy_context().run, self._fetch, file, pin, transfer) for file in files]
            try:
                for fetch in as_completed(fetches):
                    fetch.result()
            except BaseException:
                transfer.stop.set()
                pool.shutdown(cancel_futures=True)
                for file, fetch in zip(files, fetches, strict=True):
                    if pin and not fetch.cancelled() and fetch.exception() is None:
                        self.unpin(file.sha256)
                raise
        return [fetch.result() for fetch in fetches]

    @property
    def counts(self) -> CacheCounts:
        """The counts so far; of a LocalFolderStore, whose files are not copied, there are none."""
        space = self._space
        return CacheCounts(space.known_bytes, self._max_bytes, self._hits, self._misses, space.evicted_files)

    def unpin(self, sha256: str) -> None:
        """Take back one pinned `fetch` of this file; no error when there is none."""
        self._space.unpin(sha256)

    def close(self) -> None:
        """Unpin all files."""
        self._space.close()

    @contextmanager
    def _transfer(self) -> Iterator[Transfer]:
        with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="download") as threads:
            yield Transfer(threads, self._connections, threading.Event())

    def _fetch(self, file: ExpectedFile, pin: bool, transfer: Transfer) -> Path:
        if isinstance(self._store, LocalFolderStore):
            return self._checked_original(self._store, file)
        lock = self._file_locks[int(file.sha256[:2], 16) % len(self._file_locks)]
        with lock, _explained(f"The cache folder {self._folder}", "FINRAG_CACHE_DIR"):
            while True:
                present = self._present(file)
                self._count(is_hit=present is not None)
                _log.debug("%s: %s", file.key, "in the cache" if present else f"to be read, {file.size} bytes")
                path = present or self._download(file, transfer)
                if not pin or self._space.pin(file.sha256):
                    return path

    def _count(self, *, is_hit: bool) -> None:
        with self._counting:
            self._hits += is_hit
            self._misses += not is_hit

    def _checked_original(self, store: LocalFolderStore, file: ExpectedFile) -> Path:
        path = store.local_path(file.key)
        if path is None:
            raise ObjectNotFoundError(f"{file.key} does not exist in {store.url}.")
        with _explained(f"The file {path}", "FINRAG_STORE"):
            if not self._verified.is_good(path, file.sha256, file.size, keep=file.size >= _LARGE_BYTES):
                raise not_as_described(file, store)
        return path

    def _present(self, file: ExpectedFile) -> Path | None:
        """Return the file if it is there and good; one that is not is removed."""
        path = self._objects / file.sha256
        try:
            is_good = self._verified.is_good(path, file.sha256, file.size)
        except FileNotFoundError:
            return None
        if not is_good:
            _log.warning("%s was damaged and is read from the store again", path)
            path.unlink(missing_ok=True)
            return None
        self._space.touch(file.sha256)
        return path

    def _download(self, file: ExpectedFile, transfer: Transfer) -> Path:
        self._objects.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._objects / file.sha256
        half = path.with_suffix(HALF_SUFFIX)
        with open_half_file(half) as descriptor:
            is_kept = False
            try:
                present = self._present(file)
                if present:  # another process had the lock, and has finished
                    return present
                self._fill(descriptor, half, file, transfer)
                self._space.finish(half, path)
                is_kept = True
                self._verified.remember(path, file.sha256)  # while the lock keeps it from being evicted
            except (StoreUnavailableError, CancelledError, KeyboardInterrupt):
                is_kept = file.has_checked_blocks and file.block_count > 1
                raise
            finally:
                if not is_kept:
                    self._space.discard(half, descriptor)
        return path

    def _fill(self, descriptor: int, half: Path, file: ExpectedFile, transfer: Transfer) -> None:
        begun = os.fstat(descriptor).st_size == file.size
        self._space.grow(descriptor, file.size)
        download_into(descriptor, self._store, file, transfer, begun=begun)
        if not file.has_checked_blocks and hash_file(half) != file.sha256:
            raise not_as_described(file, self._store)


@contextmanager
def _explained(place: str, variable: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        advice = "free some space" if error.errno in _FULL else "check its permissions"
        raise StoreError(f"{place} cannot be used: {error.strerror}; {advice}, or set {variable} elsewhere.") from error
