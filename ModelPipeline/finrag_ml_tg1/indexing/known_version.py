"""What a build can take over from the version readers have: parts and segments by the hash of what they were made of.

Whether their objects are there is told by one listing each, with sizes; they are read only when that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

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
from finrag_ml_tg1.index.container import open_arrays
from finrag_ml_tg1.index.file_cache import FileCache
from finrag_ml_tg1.index.lexical import CorpusStatistics
from finrag_ml_tg1.index.manifest import part_key
from finrag_ml_tg1.index.pinned_files import PinnedFiles
from finrag_ml_tg1.index.stored_version import read_manifest
from finrag_ml_tg1.index.version_objects import part_object, segment_objects
from finrag_ml_tg1.index.writer import STATISTICS_FILE
from finrag_ml_tg1.indexing.index_objects import are_sound, sizes_of_shared_objects
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["KnownPart", "KnownVersion"]


@dataclass(frozen=True, slots=True)
class KnownPart:
    """A part that is in the store: its file and number of rows."""

    sha256: str
    size: int
    rows: int


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """Parts and segments that are in the store whole, by the hash of their input.

    `statistics` are those of `all_parts`, whether or not these are in the store; None when they must be counted anew.
    """

    parts: dict[str, KnownPart] = field(default_factory=dict)
    segments: dict[str, SegmentEntry] = field(default_factory=dict)
    all_parts: tuple[PartEntry, ...] = ()
    statistics: CorpusStatistics | None = None

    @classmethod
    def read(
        cls, store: ObjectStore, cache: FileCache, version: str | None, parameters: dict[str, int], *, verify: bool
    ) -> Self:
        """Read it; empty when there is no version or it cannot be read, and without what is missing in the store.

        With `verify` all objects are read, and what is damaged is left out too. Statistics are taken over only from a
        build with these parameters, and not with `verify`.
        """
        if version is None:
            return cls()
        files = PinnedFiles(cache)
        try:
            manifest = read_manifest(store, version)
            described = dict(zip(manifest.files, manifest.expected_files(), strict=True))
            names = (PARTS_FILE, SEGMENTS_FILE, STATISTICS_FILE)
            paths = dict(zip(names, files.fetch_all([described[name] for name in names]), strict=True))
            parts, segments = pl.read_parquet(paths[PARTS_FILE]), segment_entries(pl.read_parquet(paths[SEGMENTS_FILE]))
            arrays = open_arrays(paths[STATISTICS_FILE])
        except (IndexCorruptError, ObjectNotFoundError):
            return cls()
        finally:
            files.close()  # what is mapped stays readable
        entries = part_entries(parts)
        named = [
            *(part_object(part) for part in entries),
            *(file for each in segments for file in segment_objects(each)),
        ]
        there = _there(store, named, verify=verify)
        statistics = CorpusStatistics.from_arrays(arrays) if manifest.parameters == parameters and not verify else None
        return cls(
            {
                row["input_sha256"]: KnownPart(row["sha256"], row["size"], row["rows"])
                for row in parts.iter_rows(named=True)
                if part_key(row["sha256"]) in there
            },
            {each.input_sha256: each for each in segments if all(file.key in there for file in segment_objects(each))},
            tuple(entries),
            statistics,
        )


def _there(store: ObjectStore, named: Iterable[ExpectedFile], *, verify: bool) -> set[str]:
    sizes = sizes_of_shared_objects(store)
    present = [each for each in named if sizes.get(each.key) == each.size]
    return are_sound(store, present) if verify else {each.key for each in present}
