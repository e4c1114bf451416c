"""The objects an index version consists of: those its manifest names, and those its catalog names."""

from __future__ import annotations

import hashlib
import io

import polars as pl

from finrag_ml_tg1.errors import IndexCorruptError
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

__all__ = ["part_object", "read_checked", "segment_objects", "version_objects"]


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


def read_checked(store: ObjectStore, wanted: ExpectedFile) -> bytes:
    """Return an object's content; raises IndexCorruptError when it is another than named, ObjectNotFoundError."""
    data = store.get(wanted.key).data
    if hashlib.sha256(data).hexdigest() != wanted.sha256:
        raise IndexCorruptError(f"{wanted.key} in {store.url} is damaged: `finrag index --verify` there repairs it")
    return data
