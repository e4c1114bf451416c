"""The vectors of an index version to an outside engine: new parts are written, those of no version any more removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl

from finrag_ml_tg1.errors import IndexCorruptError
from finrag_ml_tg1.index.catalog import PARTS_FILE, PartEntry, part_entries
from finrag_ml_tg1.index.file_cache import FileCache
from finrag_ml_tg1.index.manifest import Manifest, manifest_key, part_key, version_key
from finrag_ml_tg1.index.outside.engine import Points, VectorEngine, require_fit, vector_keys
from finrag_ml_tg1.index.outside.ledger import Ledger, read_ledger, write_ledger
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.index.stored_version import current_version, read_manifest
from finrag_ml_tg1.index.vectors import dequantise
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["SyncReport", "sync_vectors"]

_AT_ONCE = 4
# How much is written or removed between two notes in the ledger, and so at most done again after an interruption.
_VECTORS_A_NOTE = 50_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a run did: the version now held and its vectors, how many were written, how many removed.

    With `unreadable` versions in the store, which may use any vector, nothing is removed.
    """

    version: str
    vectors: int
    written: int
    removed: int
    unreadable: tuple[str, ...]


def sync_vectors(
    store: ObjectStore, cache: FileCache, engine: VectorEngine, progress: Progress, *, again: bool = False
) -> SyncReport:
    """Let the engine hold all vectors of the store's current version; `progress` gets (vectors done, of all).

    Whatever an earlier run did is not done again, unless `again` says that the engine may have lost some of it. What
    any version in the store uses is kept, so that it can be served beside the current one, or once more. Raises
    VectorIndexError when the engine's index is made for other vectors.
    """
    manifest = read_manifest(store, current_version(store))
    parts = [part for part in _parts_of(cache, manifest) if part.rows]
    state = engine.describe() or engine.create(manifest.encoder.dimension)
    require_fit(state, manifest.encoder.dimension, engine.address)
    ledger = read_ledger(store, engine.address).of(state)
    if again:
        ledger = ledger.begin(ledger.held)
    lacking = {part.sha256: part for part in parts if part.sha256 not in ledger.held}
    unused, unreadable = _unused(store, cache, ledger)
    written, removed = sum(part.rows for part in lacking.values()), sum(unused.values())
    work = _Work(engine, progress, written + removed)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for noted in _notes({sha256: part.rows for sha256, part in lacking.items()}):
            ledger = write_ledger(store, ledger.begin(noted))
            points = _points(cache, [lacking[sha256] for sha256 in noted], engine.most_written)
            work.count(pool.map(work.write, points))
            ledger = ledger.wrote(noted)
        for noted in _notes(unused):
            ledger = write_ledger(store, ledger.begin(noted))
            work.count(pool.map(work.remove, _keys(noted, engine.most_written)))
            ledger = ledger.removed(noted)
    write_ledger(store, ledger)
    return SyncReport(manifest.version, sum(part.rows for part in parts), written, removed, unreadable)


class _Work:
    """What is written and removed, and how much of it is done."""

    def __init__(self, engine: VectorEngine, progress: Progress, total: int) -> None:
        self._engine = engine
        self._progress = progress
        self._total = total
        self._done = 0

    def write(self, points: Points) -> int:
        """Write some vectors and return how many."""
        self._engine.upsert(points)
        return len(points)

    def remove(self, keys: Sequence[str]) -> int:
        """Remove some vectors and return how many."""
        self._engine.delete(keys)
        return len(keys)

    def count(self, counts: Iterable[int]) -> None:
        """Show what is done, as it is done."""
        for count in counts:
            self._done += count
            self._progress(self._done, self._total)


def _parts_of(cache: FileCache, manifest: Manifest) -> list[PartEntry]:
    entry = manifest.files[PARTS_FILE]
    # Pinned until it is read, as another process's fetch could evict it in between.
    path = cache.fetch(version_key(manifest.version, PARTS_FILE), sha256=entry.sha256, size=entry.size, pin=True)
    try:
        return part_entries(pl.read_parquet(path))
    finally:
        cache.unpin(entry.sha256)


def _unused(store: ObjectStore, cache: FileCache, ledger: Ledger) -> tuple[dict[str, int], tuple[str, ...]]:
    """The parts (hash -> rows) with vectors in the engine that no version in the store has; versions of other programs.

    A version that another program's format keeps from being read may have any part: then none counts as unused.
    """
    known = {**ledger.partial, **ledger.held}
    unreadable = []
    for version in _versions(store):
        try:
            manifest = read_manifest(store, version)
        except IndexCorruptError:
            unreadable.append(version)
            continue
        for part in _parts_of(cache, manifest):
            known.pop(part.sha256, None)
    return ({} if unreadable else known), tuple(unreadable)


def _versions(store: ObjectStore) -> list[str]:
    pattern = re.compile(re.escape(manifest_key("VERSION")).replace("VERSION", "([0-9a-f]{16})"))
    found = (pattern.fullmatch(entry.key) for entry in store.list("index/"))
    return [match[1] for match in found if match]


def _notes(parts: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """The parts (hash -> rows) in groups that are noted in the ledger together."""
    group: dict[str, int] = {}
    for sha256, rows in parts.items():
        group[sha256] = rows
        if sum(group.values()) >= _VECTORS_A_NOTE:
            yield group
            group = {}
    if group:
        yield group


def _points(cache: FileCache, entries: Sequence[PartEntry], most: int) -> Iterator[Points]:
    """The vectors of some parts, at most so many at a time."""
    keys: list[str] = []
    vectors, ciks, years = [], [], []
    for entry in entries:
        path = cache.fetch(part_key(entry.sha256), sha256=entry.sha256, size=entry.size, pin=True)
        try:
            part = Part(path)
        finally:
            cache.unpin(entry.sha256)
        keys += vector_keys(entry.sha256, entry.rows)
        vectors.append(dequantise(part.arrays["codes"], part.arrays["scales"]))
        ciks += [entry.cik] * entry.rows
        years += [entry.fiscal_year] * entry.rows
    together = Points(keys, np.concatenate(vectors), ciks, years)
    return (together.slice(start, start + most) for start in range(0, len(together), most))


def _keys(parts: Mapping[str, int], most: int) -> Iterator[list[str]]:
    """The keys of the vectors of some parts, at most so many at a time."""
    keys = [key for sha256, rows in parts.items() for key in vector_keys(sha256, rows)]
    return (keys[start : start + most] for start in range(0, len(keys), most))
