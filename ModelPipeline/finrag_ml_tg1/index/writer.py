"""Writes a version of the index: parts and segments, then its files, then the manifest, and last the switch to it.

Readers follow `index/CURRENT`, which is replaced by a conditional put: nobody sees half a version, and of two writers
one is told that the other was first.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import polars as pl

from finrag_ml_tg1.errors import PreconditionFailedError, StoreError
from finrag_ml_tg1.index.catalog import FILINGS_FILE, PARTS_FILE, SEGMENTS_FILE
from finrag_ml_tg1.index.container import pack_arrays
from finrag_ml_tg1.index.encoder import ENCODER_FILES, EncoderIdentity
from finrag_ml_tg1.index.lexical import CorpusStatistics
from finrag_ml_tg1.index.manifest import (
    CURRENT_KEY,
    Manifest,
    describe_file,
    manifest_key,
    part_key,
    segment_key,
    version_key,
)
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["STATISTICS_FILE", "put_part", "put_segment_file", "switch_current", "write_version"]

STATISTICS_FILE = "global/statistics.safetensors"


def put_part(store: ObjectStore, data: bytes) -> tuple[str, int]:
    """Write a part under its hash, unless the store has it undamaged; return (sha256, size)."""
    return _put_by_hash(store, part_key, data)


def put_segment_file(store: ObjectStore, data: bytes) -> tuple[str, int]:
    """Write a segment's file under its hash, unless the store has it undamaged; return (sha256, size)."""
    return _put_by_hash(store, segment_key, data)


def _put_by_hash(store: ObjectStore, key_of: Callable[[str], str], data: bytes) -> tuple[str, int]:
    entry = describe_file(data)
    _put_unless_equal(store, key_of(entry.sha256), data)
    return entry.sha256, entry.size


def write_version(
    store: ObjectStore,
    *,
    filings: pl.DataFrame,
    parts: pl.DataFrame,
    segments: pl.DataFrame,
    statistics: CorpusStatistics,
    encoder: EncoderIdentity,
    encoder_folder: Path,
    parameters: dict[str, int],
) -> Manifest:
    """Write all files of a version and its manifest, and return it; the version is not current yet."""
    contents = {
        FILINGS_FILE: _parquet(filings),
        PARTS_FILE: _parquet(parts),
        SEGMENTS_FILE: _parquet(segments),
        STATISTICS_FILE: pack_arrays(statistics.to_arrays()),
        **{f"encoder/{name}": (encoder_folder / name).read_bytes() for name in ENCODER_FILES},
    }
    manifest = Manifest(
        encoder=encoder,
        parameters=parameters,
        filings=filings.height,
        passages=int(parts["rows"].sum()),
        files={name: describe_file(data) for name, data in contents.items()},
    )
    for name, data in contents.items():
        _put_unless_equal(store, version_key(manifest.version, name), data)
    _put_unless_equal(store, manifest_key(manifest.version), manifest.to_json().encode())
    return manifest


def switch_current(store: ObjectStore, version: str, *, replaces: str | None) -> None:
    """Make a version current if CURRENT still has the ETag `replaces` (None: no CURRENT yet).

    Raises StoreError, and changes nothing, when another writer switched in the meantime.
    """
    try:
        store.put(CURRENT_KEY, version.encode(), if_match=replaces, if_absent=replaces is None)
    except PreconditionFailedError as error:
        raise StoreError(
            "another `finrag index` made its version current in the meantime: nothing was changed, run it again"
        ) from error


def _put_unless_equal(store: ObjectStore, key: str, data: bytes) -> None:
    """Compare content, not size alone: building again must also repair a file that was damaged in the store."""
    present = store.head(key)
    if present is None or present.size != len(data) or store.get(key).data != data:
        store.put(key, data)


def _parquet(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", row_group_size=5_000)
    return buffer.getvalue()
