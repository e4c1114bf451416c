"""The objects an index version consists of, and reading many of them at once within little memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

import polars as pl

from finrag_ml_tg1.errors import IndexCorruptError, ObjectNotFoundError
from finrag_ml_tg1.index.catalog import (
    PARTS_FILE,
    SEGMENTS_FILE,
    PartEntry,
    SegmentEntry,
    part_entries,
    segment_entries,
)
from finrag_ml_tg1.index.manifest import Manifest, part_key, segment_key
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = [
    "SHARED_PREFIXES",
    "are_sound",
    "part_object",
    "read_checked",
    "segment_objects",
    "side_by_side",
    "sizes_of_shared_objects",
    "version_objects",
]

# What versions share; its objects are named by their content.
SHARED_PREFIXES = ("index/parts/", "index/segments/", "index/encoders/")

_THREADS = 8
# An object is in memory whole while it is read or written. The largest, a segment's terms, have some ten million bytes.
_BYTES_AT_ONCE = 96 * 2**20

T = TypeVar("T")


def part_object(part: PartEntry) -> ExpectedFile:
    """Return the object of a part."""
    return ExpectedFile(part_key(part.sha256), part.sha256, part.size)


def segment_objects(segment: SegmentEntry) -> list[ExpectedFile]:
    """Return the object of a segment's rows, and that of its terms where it has one."""
    objects = [ExpectedFile(segment_key(segment.rows_sha256), segment.rows_sha256, segment.rows_size)]
    if segment.terms_sha256 is not None and segment.terms_size is not None:
        objects.append(ExpectedFile(segment_key(segment.terms_sha256), segment.terms_sha256, segment.terms_size))
    return objects


def version_objects(store: ObjectStore, manifest: Manifest) -> list[ExpectedFile]:
    """Return all objects of a version but its manifest, each once, as its catalog in the store names them.

    Raises IndexCorruptError, ObjectNotFoundError when a table of the catalog is damaged or missing.
    """
    files = dict(zip(manifest.files, manifest.expected_files(), strict=True))
    parts, segments = (
        pl.read_parquet(io.BytesIO(read_checked(store, files[name]))) for name in (PARTS_FILE, SEGMENTS_FILE)
    )
    objects = [
        *files.values(),
        *(part_object(part) for part in part_entries(parts)),
        *(each for segment in segment_entries(segments) for each in segment_objects(segment)),
    ]
    return list(dict.fromkeys(objects))


def sizes_of_shared_objects(store: ObjectStore) -> dict[str, int]:
    """Return the size of each object that versions share, by its key."""
    return {info.key: info.size for prefix in SHARED_PREFIXES for info in store.list(prefix)}


def read_checked(store: ObjectStore, wanted: ExpectedFile) -> bytes:
    """Return an object's content; raises IndexCorruptError when it is another than named, ObjectNotFoundError."""
    data = store.get(wanted.key).data
    if hashlib.sha256(data).hexdigest() != wanted.sha256:
        raise IndexCorruptError(f"{wanted.key} in {store.url} is damaged: `finrag index --verify` there repairs it")
    return data


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
