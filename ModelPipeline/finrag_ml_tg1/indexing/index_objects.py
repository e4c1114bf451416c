"""Reading many objects of an index at once, within little memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from finrag_ml_tg1.errors import IndexCorruptError, ObjectNotFoundError
from finrag_ml_tg1.index.version_objects import read_checked
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["SHARED_PREFIXES", "are_sound", "side_by_side", "sizes_of_shared_objects"]

# What versions share; its objects are named by their content.
SHARED_PREFIXES = ("index/parts/", "index/segments/", "index/encoders/")

_THREADS = 8
# An object is in memory whole while it is read or written. The largest, a segment's terms, have some ten million bytes.
_BYTES_AT_ONCE = 96 * 2**20

T = TypeVar("T")


def sizes_of_shared_objects(store: ObjectStore) -> dict[str, int]:
    """Return the size of each object that versions share, by its key."""
    return {info.key: info.size for prefix in SHARED_PREFIXES for info in store.list(prefix)}


def are_sound(store: ObjectStore, objects: Iterable[ExpectedFile]) -> set[str]:
    """Read the objects; return the keys of those that are there with the content named."""

    def is_sound(wanted: ExpectedFile) -> bool:
        try:
            read_checked(store, wanted)
        except (IndexCorruptError, ObjectNotFoundError):
            return False
        return True

    return {wanted.key for wanted, sound in side_by_side(is_sound, objects) if sound}


def side_by_side(
    work: Callable[[ExpectedFile], T], objects: Iterable[ExpectedFile], before_each: Callable[[], None] = lambda: None
) -> Generator[tuple[ExpectedFile, T], None, None]:
    """Yield each object with what `work`, which runs in several threads, returns for it, in any order.

    `before_each` is called in this thread. What is worked on at a time has 96 MiB together, or is one object that is
    larger. The first error is raised when what has been begun has ended.
    """
    running: dict[Future[T], ExpectedFile] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for each in objects:
                while running and not _has_room(running.values(), each):
                    yield from _finished(running)
                before_each()
                running[pool.submit(work, each)] = each
            while running:
                yield from _finished(running)
        finally:
            for future in running:
                future.cancel()


def _has_room(running: Iterable[ExpectedFile], more: ExpectedFile) -> bool:
    sizes = [each.size for each in running]
    return len(sizes) < 2 * _THREADS and sum(sizes) + more.size <= _BYTES_AT_ONCE


def _finished(running: dict[Future[T], ExpectedFile]) -> Iterator[tuple[ExpectedFile, T]]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        yield running.pop(future), future.result()
