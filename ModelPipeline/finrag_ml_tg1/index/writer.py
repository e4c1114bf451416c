"""Writes a version of the index: parts and segments, then its files, then the manifest, and last the switch to it.

Readers follow `index/CURRENT`, which is replaced by a conditional put: nobody sees half a version, and of two writers
one is told that the other was first.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl

from finrag_ml_tg1.errors import ObjectNotFoundError, PreconditionFailedError, StoreError
from finrag_ml_tg1.index.catalog import FILINGS_FILE, PARTS_FILE, SEGMENTS_FILE
from finrag_ml_tg1.index.container import pack_arrays
from finrag_ml_tg1.index.encoder import ENCODER_FILES, EncoderIdentity
from finrag_ml_tg1.index.history import record_switch
from finrag_ml_tg1.index.lexical import CorpusStatistics
from finrag_ml_tg1.index.manifest import (
    CURRENT_KEY,
    ENCODER_FILE_NAMES,
    Manifest,
    describe_file,
    is_version,
    manifest_key,
    part_key,
    segment_key,
)
from finrag_ml_tg1.index.marks import WRITING, Mark
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["STATISTICS_FILE", "IndexWriter"]

STATISTICS_FILE = "global/statistics.safetensors"


class IndexWriter:
    """Writes to the index of a store, in a `with` block: a mark in the store tells meanwhile that somebody does.

    The mark comes with the first object that may have to be written. Objects named by their content that are there with
    the right size are left alone; with `verify` they are read, and written again when their content is another.
    Readers' version is the one CURRENT named when the writer was made; it is replaced only while CURRENT is unchanged.
    That needs a store that keeps to conditional puts, or with `is_sole` somebody who knows that nobody else writes.
    """

    def __init__(self, store: ObjectStore, *, verify: bool = False, is_sole: bool = False) -> None:
        self._store = store
        self._verify = verify
        self._is_sole = is_sole
        self._mark = Mark(store, WRITING, needs_conditions=not is_sole)
        self._readers_etag, self.readers_version = _read_current(store)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._mark.remove()
        except StoreError:
            if error is None:  # otherwise what went wrong first is told; the mark ends by itself
                raise

    def put_part(self, data: bytes) -> tuple[str, int]:
        """Write a part and return (sha256, size)."""
        return self._put_by_content(part_key, data)

    def put_segment_file(self, data: bytes) -> tuple[str, int]:
        """Write a segment's file and return (sha256, size)."""
        return self._put_by_content(segment_key, data)

    def hold_mark(self) -> None:
        """Have the mark, and for a while; who puts objects into the store itself calls it before each."""
        self._mark.hold()

    def write_version(
        self,
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
        own = {
            FILINGS_FILE: _parquet(filings),
            PARTS_FILE: _parquet(parts),
            SEGMENTS_FILE: _parquet(segments),
            STATISTICS_FILE: pack_arrays(statistics.to_arrays()),
        }
        shared = {
            name: (encoder_folder / file).read_bytes()
            for name, file in zip(ENCODER_FILE_NAMES, ENCODER_FILES, strict=True)
        }
        manifest = Manifest(
            encoder=encoder,
            parameters=parameters,
            filings=filings.height,
            passages=int(parts["rows"].sum()),
            files={name: describe_file(data) for name, data in {**own, **shared}.items()},
        )
        if manifest.version != self.readers_version:
            self._mark.hold()
        for name, data in shared.items():
            self._put_unless_there(manifest.key_of(name), data, compare=self._verify)
        # These are few and small: a damaged one is always found.
        for name, data in own.items():
            self._put_unless_there(manifest.key_of(name), data, compare=True)
        self._put_unless_there(manifest_key(manifest.version), manifest.to_json().encode(), compare=True)
        return manifest

    def make_current(self, version: str) -> bool:
        """Make a version current and return True, or False when it is the readers' version already.

        Raises StoreError, and changes nothing, when another writer has replaced the readers' version.
        """
        if version == self.readers_version:
            return False
        self._mark.hold()
        record = record_switch(self._store, version)
        try:
            self._switch(version)
        except PreconditionFailedError as error:
            self._store.delete(record.key)
            raise StoreError(
                f"another `finrag index` or `finrag publish` made its version current in {self._store.url} in the "
                "meantime: nothing was changed, run it again"
            ) from error
        return True

    def _switch(self, version: str) -> None:
        etag = self._readers_etag
        if not self._is_sole:
            self._store.put(CURRENT_KEY, version.encode(), if_match=etag, if_absent=etag is None)
        elif _read_current(self._store)[0] == etag:
            self._store.put(CURRENT_KEY, version.encode())
        else:
            raise PreconditionFailedError(f"{CURRENT_KEY} was written by another writer")

    def _put_by_content(self, key_of: Callable[[str], str], data: bytes) -> tuple[str, int]:
        # First the mark: an object that is there but that no version names may be collected without it.
        self._mark.hold()
        entry = describe_file(data)
        self._put_unless_there(key_of(entry.sha256), data, compare=self._verify)
        return entry.sha256, entry.size

    def _put_unless_there(self, key: str, data: bytes, *, compare: bool) -> None:
        present = self._store.head(key)
        if present is None or present.size != len(data) or (compare and self._store.get(key).data != data):
            self._mark.hold()
            self._store.put(key, data)


def _read_current(store: ObjectStore) -> tuple[str | None, str | None]:
    """The ETag of CURRENT, None without one, and the version it names, None when it names none."""
    try:
        found = store.get(CURRENT_KEY)
    except ObjectNotFoundError:
        return None, None
    version = found.data.decode(errors="replace").strip()
    return found.etag, version if is_version(version) else None


def _parquet(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", row_group_size=5_000)
    return buffer.getvalue()
