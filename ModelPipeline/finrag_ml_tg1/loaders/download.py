"""Reads an object into a half file, blocks side by side, each checked before it is written.

A half file that a process left behind when it ended is gone on with: what it holds is known by the blocks' hashes
alone, so nothing that was written there has to be believed.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import CancelledError, Executor, as_completed, wait
from dataclasses import dataclass

from finrag_ml_tg1.errors import IndexCorruptError, StoreError
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["CONNECTIONS", "Transfer", "download_into", "not_as_described"]

CONNECTIONS = 4  # blocks read at the same time, and so the most that are in memory
# A file that takes hardly longer than its round trip is read beside the blocks, by the thread that asks for it.
_SMALL_BYTES = 2 * 1024 * 1024
_ATTEMPTS = 2  # a block damaged on its way is whole the second time; one damaged in the store is not


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the downloads of one call share: threads that read blocks, how many may at once, and the sign to stop.

    All blocks are held by the same few threads, because each thread's allocator keeps some of what it once had.
    """

    threads: Executor
    connections: threading.Semaphore
    stop: threading.Event


def download_into(descriptor: int, store: ObjectStore, file: ExpectedFile, transfer: Transfer, *, begun: bool) -> None:
    """Fill a file of the full size with the object's content; of a `begun` one only what is missing is read.

    Raises IndexCorruptError when a block is another than the manifest's, the store's errors, and CancelledError when
    the transfer is stopped. A file whose blocks have no known hashes is not checked here.
    """

    def fill(number: int) -> None:
        if transfer.stop.is_set():
            raise CancelledError
        offset, length = file.span(number)
        if begun and file.has_checked_blocks and file.is_block(number, os.pread(descriptor, length, offset)):
            return
        _write(descriptor, _read_block(store, file, number), offset)

    def fill_in_turn(number: int) -> None:
        with transfer.connections:
            fill(number)

    if file.size <= _SMALL_BYTES:
        fill(0)
        return
    blocks = [transfer.threads.submit(fill_in_turn, number) for number in range(file.block_count)]
    try:
        for block in as_completed(blocks):
            block.result()
    finally:
        for block in blocks:
            block.cancel()
        wait(blocks)  # before the caller closes the descriptor they write to


def not_as_described(file: ExpectedFile, store: ObjectStore) -> IndexCorruptError:
    """Return the error that the store's object is another than the manifest's."""
    return IndexCorruptError(
        f"{file.key} in {store.url} is not the file its manifest names: run `finrag index --verify` or "
        "`finrag publish --verify`."
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
