"""The store's tables to a new index version, made current at the end.

A part is encoded only when its passages, the encoder or the build's parameters changed since the current version.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.errors import IndexCorruptError, IndexMissingError, ObjectNotFoundError, StoreError
from finrag_ml_tg1.filings.keys import FILINGS_PREFIX, filing_keys
from finrag_ml_tg1.filings.passages.head import MAX_PASSAGE_TOKENS, embedded_text, indexed_text, passage_head
from finrag_ml_tg1.filings.table_schemas import FILINGS_SCHEMA, READER_VERSION
from finrag_ml_tg1.index.catalog import (
    PARTS_FILE,
    PARTS_SCHEMA,
    SEGMENTS_FILE,
    SegmentEntry,
    part_entries,
    segment_entries,
)
from finrag_ml_tg1.index.encoder import EncoderIdentity
from finrag_ml_tg1.index.manifest import CURRENT_KEY, part_key, version_key
from finrag_ml_tg1.index.part import build_part
from finrag_ml_tg1.index.reader import FileCache, current_version, read_manifest
from finrag_ml_tg1.index.writer import put_part, switch_current, write_version
from finrag_ml_tg1.indexing.segmenting import build_segments
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["BUILD_PARAMETERS", "BuildReport", "PassageEncoder", "Progress", "build_index"]

BUILD_PARAMETERS = {"max_passage_tokens": MAX_PASSAGE_TOKENS, "part_format": 5}

# What of a filing's row decides the content of its part.
_PART_OF_CONTENT = ("accession", "sha256", "reader_version", "company", "tickers", "form", "fiscal_period")

Progress = Callable[[int, int], None]


class PassageEncoder(Protocol):
    """Makes the vectors of passages."""

    @property
    def identity(self) -> EncoderIdentity:
        """Which encoder makes them."""
        ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one unit-length row a text, in the order given."""
        ...


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did: the version now current, its size, and how many passages had to be encoded."""

    version: str
    filings: int
    passages: int
    encoded_passages: int
    changed: bool


@dataclass(frozen=True, slots=True)
class _PlannedPart:
    """The filings of one company and fiscal year, and the hash of all that decides the part's content."""

    cik: int
    fiscal_year: int
    filings: pl.DataFrame
    input_sha256: str


def build_index(
    store: ObjectStore, cache: FileCache, encoder: PassageEncoder, encoder_folder: Path, progress: Progress
) -> BuildReport:
    """Build the version that the store's tables describe and make it current; `progress` gets (passages done, of all).

    Raises StoreError when the store holds no filings, or when another build became current meanwhile.
    """
    filings = _read_filings(store)
    if filings.height == 0:
        raise StoreError(f"{store.url} holds no filings: run `finrag ingest FOLDER` first")
    current = store.head(CURRENT_KEY)
    known = _known_parts(store, cache)
    total = int(filings["passages"].sum())
    done = encoded = 0
    entries: list[dict[str, object]] = []
    filings_of: list[int] = []
    for plan in _planned_parts(filings, encoder):
        reusable = known.get(plan.input_sha256)
        if reusable is None:
            rows, data = _encode_part(store, plan, encoder)
            sha256, size = put_part(store, data)
            encoded += rows
        else:
            sha256, size, rows = reusable
        entries.append(
            {
                "cik": plan.cik,
                "fiscal_year": plan.fiscal_year,
                "sha256": sha256,
                "size": size,
                "row_start": done,
                "rows": rows,
                "input_sha256": plan.input_sha256,
            }
        )
        filings_of.append(plan.filings.height)
        done += rows
        progress(done, total)
    parts = pl.DataFrame(entries, schema=PARTS_SCHEMA)
    known_segments = _known_segments(store, cache)
    segments, statistics = build_segments(store, cache, part_entries(parts), filings_of, known_segments)
    manifest = write_version(
        store,
        filings=filings,
        parts=parts,
        segments=segments,
        statistics=statistics,
        encoder=encoder.identity,
        encoder_folder=encoder_folder,
        parameters=BUILD_PARAMETERS,
    )
    changed = current is None or _served_version(store) != manifest.version
    if changed:
        switch_current(store, manifest.version, replaces=current.etag if current else None)
    return BuildReport(manifest.version, filings.height, done, encoded, changed)


def _read_filings(store: ObjectStore) -> pl.DataFrame:
    tables = [pl.read_parquet(io.BytesIO(store.get(entry.key).data)) for entry in store.list(FILINGS_PREFIX)]
    outdated = sum(table["reader_version"].item() != READER_VERSION for table in tables)
    if outdated:
        raise StoreError(f"{outdated} filings were read by another version: run `finrag ingest --again` first")
    filings = pl.concat(tables) if tables else pl.DataFrame(schema=FILINGS_SCHEMA)
    return filings.sort("cik", "fiscal_year", "accession")


def _served_version(store: ObjectStore) -> str | None:
    """The version CURRENT names; None when it names none, which a build repairs."""
    try:
        return current_version(store)
    except (IndexMissingError, IndexCorruptError):
        return None


def _known_parts(store: ObjectStore, cache: FileCache) -> dict[str, tuple[str, int, int]]:
    """The current version's undamaged parts by the hash of their input; none when no version can be read."""
    parts = _table_of_current(store, cache, PARTS_FILE)
    return {
        row["input_sha256"]: (row["sha256"], row["size"], row["rows"])
        for row in (parts.iter_rows(named=True) if parts is not None else ())
        if _is_sound(cache, row["sha256"], row["size"])
    }


def _known_segments(store: ObjectStore, cache: FileCache) -> dict[str, SegmentEntry]:
    """The current version's segments by the hash of their input; none when no version can be read."""
    table = _table_of_current(store, cache, SEGMENTS_FILE)
    return {entry.input_sha256: entry for entry in segment_entries(table)} if table is not None else {}


def _table_of_current(store: ObjectStore, cache: FileCache, name: str) -> pl.DataFrame | None:
    version = _served_version(store)
    if version is None:
        return None
    try:
        entry = read_manifest(store, version).files[name]
        return pl.read_parquet(cache.fetch(version_key(version, name), sha256=entry.sha256, size=entry.size))
    except (IndexCorruptError, ObjectNotFoundError):
        return None


def _is_sound(cache: FileCache, sha256: str, size: int) -> bool:
    """Whether the store's part is the one named; one that is damaged or missing is encoded again."""
    try:
        cache.fetch(part_key(sha256), sha256=sha256, size=size)
    except (IndexCorruptError, ObjectNotFoundError):
        return False
    return True


def _planned_parts(filings: pl.DataFrame, encoder: PassageEncoder) -> list[_PlannedPart]:
    plans = []
    for (cik, fiscal_year), group in filings.group_by("cik", "fiscal_year", maintain_order=True):
        content = group.select(_PART_OF_CONTENT).to_dicts()
        basis = json.dumps([content, encoder.identity.to_dict(), BUILD_PARAMETERS], sort_keys=True)
        digest = hashlib.sha256(basis.encode()).hexdigest()
        plans.append(_PlannedPart(int(str(cik)), int(str(fiscal_year)), group, digest))
    return plans


def _encode_part(store: ObjectStore, plan: _PlannedPart, encoder: PassageEncoder) -> tuple[int, bytes]:
    tables, facts, searched, embedded = [], [], [], []
    for filing in plan.filings.iter_rows(named=True):
        keys = filing_keys(plan.cik, filing["accession"], filing["sha256"], filing["reader_version"])
        table = pl.read_parquet(io.BytesIO(store.get(keys.passages).data)).sort("position")
        for row in table.iter_rows(named=True):
            head = passage_head(
                filing["company"],
                tuple(filing["tickers"]),
                row["form"],
                fiscal_year=row["fiscal_year"],
                fiscal_period=filing["fiscal_period"],
                item=row["item"],
                heading=row["heading"],
            )
            searched.append(indexed_text(head, row["lead"], row["text"]))
            embedded.append(embedded_text(row["fiscal_year"], row["item"], row["heading"], row["lead"], row["text"]))
        tables.append(table)
        facts.append(pl.read_parquet(io.BytesIO(store.get(keys.facts).data)))
    rows = pl.concat(tables)
    return rows.height, build_part(rows, searched, encoder.encode(embedded), pl.concat(facts))
