"""Reads an object into a half file, blocks side by side, each checked before it is written.

A half file that a process left behind when it ended is gone on with: what it holds is known by the blocks' hashes
alone, so nothing that was written there has to be believed.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed

from finrag_ml_tg1.errors import IndexCorruptError, StoreError
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["CONNECTIONS", "download_into", "not_as_described"]

CONNECTIONS = 4  # blocks read at the same time, and so the most that are in memory
_ATTEMPTS = 2  # a block damaged on its way is whole the second time; one damaged in the store is not


def download_into(
    descriptor: int,
    store: ObjectStore,
    file: ExpectedFile,
    *,
    begun: bool,
    connections: threading.Semaphore,
    stop: threading.Event,
) -> None:
    """Fill a file of the full size with the object's content; of a `begun` one only what is missing is read.

    At most as many blocks as `connections` allows are read, and held in memory, at once. Raises IndexCorruptError when
    a block is another than the manifest's, the store's errors, and CancelledError once `stop` is set. A file whose
    blocks have no known hashes is not checked here.
    """

    def fill(number: int) -> None:
        with connections:
            if stop.is_set():
                raise CancelledError
            offset, length = file.span(number)
            if begun and file.has_checked_blocks and file.is_block(number, os.pread(descriptor, length, offset)):
                return
            _write(descriptor, _read_block(store, file, number), offset)

    if file.block_count == 1:
        fill(0)
        return
    pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="download")
    try:
        for block in as_completed([pool.submit(fill, number) for number in range(file.block_count)]):
            block.result()
    finally:
        pool.shutdown(cancel_futures=True)


def not_as_described(file: ExpectedFile, store: ObjectStore) -> IndexCorruptError:
    """Return the error that the store's object is another than the manifest's."""
    return IndexCorruptError(
        f"{file.key} in {store.url} is not the file its manifest names: build or publish the index again."
    )


def _read_block(store: ObjectStore, file: ExpectedFile, number: int) -> bytes:
    for _ in range(_ATTEMPTS):
        # A small object is read whole, so that one that is longer is noticed too.
        data = store.get(file.key).data if file.block_count == 1 else _read_range(store, file, number)
        if file.is_block(number, data):
            return data
    raise not_as_described(file, store)


def _read_range(store: ObjectStore, file: ExpectedFile, number: int) -> bytes:
    offset, length = file.span(number)
    try:
        return store.get_range(file.key, offset, length)
    except StoreError as error:
        info = store.head(file.key) if type(error) is StoreError else None
        if info is not None and info.size < offset + length:
            raise not_as_described(file, store) from error
        raise


def _write(descriptor: int, data: bytes, offset: int) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        rest, offset = rest[written:], offset + written
