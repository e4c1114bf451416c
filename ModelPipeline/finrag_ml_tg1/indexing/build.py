"""The store's tables to a new index version, made current at the end.

A part is encoded only when its passages, the encoder or the build's parameters changed since the current version.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.filings.keys import FILINGS_PREFIX, filing_keys
from finrag_ml_tg1.filings.passages.head import MAX_PASSAGE_TOKENS, embedded_text, indexed_text, passage_head
from finrag_ml_tg1.filings.table_schemas import FILINGS_SCHEMA, READER_VERSION
from finrag_ml_tg1.index.catalog import PARTS_SCHEMA, part_entries
from finrag_ml_tg1.index.encoder import EncoderIdentity
from finrag_ml_tg1.index.file_cache import FileCache
from finrag_ml_tg1.index.part import build_part
from finrag_ml_tg1.index.sentence_vectors import pack_sentences, sentences_of
from finrag_ml_tg1.index.writer import IndexWriter
from finrag_ml_tg1.indexing.known_version import KnownPart, KnownVersion
from finrag_ml_tg1.indexing.segmenting import build_segments
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["BUILD_PARAMETERS", "BuildReport", "PassageEncoder", "Progress", "build_index"]

BUILD_PARAMETERS = {"max_passage_tokens": MAX_PASSAGE_TOKENS, "part_format": 7}

# What of a filing's row decides the content of its part.
_PART_OF_CONTENT = ("accession", "sha256", "reader_version", "company", "tickers", "form", "fiscal_period")

_READERS = 16

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
    store: ObjectStore,
    cache: FileCache,
    encoder: PassageEncoder,
    encoder_folder: Path,
    progress: Progress,
    *,
    verify: bool = False,
    with_sentences: bool = True,
) -> BuildReport:
    """Build the version that the store's tables describe and make it current; `progress` gets (passages done, of all).

    Without sentences their vectors are not made, half as many again as those of passages: an answer then encodes those
    that it may quote, and retrieval is the same.
    What the current version has is taken over without being read; with `verify` it is read first, and what is damaged
    in the store is made and written again.
    Raises StoreError when the store holds no filings, or when another build became current meanwhile.
    """
    filings = _read_filings(store)
    if filings.height == 0:
        raise StoreError(f"{store.url} holds no filings: run `finrag ingest FOLDER` first")
    parameters = BUILD_PARAMETERS | {"sentences": int(with_sentences)}
    with IndexWriter(store, verify=verify) as writer:
        known = KnownVersion.read(store, cache, writer.readers_version, parameters, verify=verify)
        plans = _planned_parts(filings, encoder.identity, parameters)
        part_of = partial(_encode_part, store, encoder, with_sentences=with_sentences)
        parts, encoded = _write_parts(writer, plans, known, part_of, progress)
        filings_of = [plan.filings.height for plan in plans]
        segments, statistics = build_segments(writer, cache, part_entries(parts), filings_of, known)
        manifest = writer.write_version(
            filings=filings,
            parts=parts,
            segments=segments,
            statistics=statistics,
            encoder=encoder.identity,
            encoder_folder=encoder_folder,
            parameters=parameters,
        )
        changed = writer.make_current(manifest.version)
    return BuildReport(manifest.version, filings.height, manifest.passages, encoded, changed)


def _read_filings(store: ObjectStore) -> pl.DataFrame:
    # One small object each: on S3 it is the way there and back that takes the time.
    with ThreadPoolExecutor(_READERS) as pool:
        tables = list(pool.map(lambda entry: _read_table(store, entry.key), store.list(FILINGS_PREFIX)))
    outdated = sum(table["reader_version"].item() != READER_VERSION for table in tables)
    if outdated:
        raise StoreError(f"{outdated} filings were read by another version: run `finrag ingest --again` first")
    filings = pl.concat(tables) if tables else pl.DataFrame(schema=FILINGS_SCHEMA)
    return filings.sort("cik", "fiscal_year", "accession")


def _read_table(store: ObjectStore, key: str) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(store.get(key).data))


def _write_parts(
    writer: IndexWriter,
    plans: Sequence[_PlannedPart],
    known: KnownVersion,
    part_of: Callable[[_PlannedPart], tuple[int, bytes]],
    progress: Progress,
) -> tuple[pl.DataFrame, int]:
    """Write the parts that are not known; return the table of all (PARTS_SCHEMA) and how many passages were encoded."""
    total = sum(int(plan.filings["passages"].sum()) for plan in plans)
    done = encoded = 0
    entries: list[tuple[int, int, str, int, int, int, str]] = []
    for plan in plans:
        part = known.parts.get(plan.input_sha256)
        if part is None:
            rows, data = part_of(plan)
            part = KnownPart(*writer.put_part(data), rows)
            encoded += rows
        entries.append((plan.cik, plan.fiscal_year, part.sha256, part.size, done, part.rows, plan.input_sha256))
        done += part.rows
        progress(done, total)
    return pl.DataFrame(entries, schema=PARTS_SCHEMA, orient="row"), encoded


def _planned_parts(
    filings: pl.DataFrame, encoder: EncoderIdentity, parameters: Mapping[str, int]
) -> list[_PlannedPart]:
    plans = []
    for (cik, fiscal_year), group in filings.group_by("cik", "fiscal_year", maintain_order=True):
        content = group.select(_PART_OF_CONTENT).to_dicts()
        basis = json.dumps([content, encoder.to_dict(), parameters], sort_keys=True)
        digest = hashlib.sha256(basis.encode()).hexdigest()
        plans.append(_PlannedPart(int(str(cik)), int(str(fiscal_year)), group, digest))
    return plans


def _encode_part(
    store: ObjectStore, encoder: PassageEncoder, plan: _PlannedPart, *, with_sentences: bool
) -> tuple[int, bytes]:
    tables, facts, searched, embedded = [], [], [], []
    for filing in plan.filings.iter_rows(named=True):
        keys = filing_keys(plan.cik, filing["accession"], filing["sha256"], filing["reader_version"])
        table = _read_table(store, keys.passages).sort("position")
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
        facts.append(_read_table(store, keys.facts))
    rows = pl.concat(tables)
    sentences = sentences_of(rows if with_sentences else rows.clear())
    vectors = encoder.encode([*embedded, *sentences.words])
    kept_sentences = pack_sentences(sentences, vectors[rows.height :]) if with_sentences else None
    return rows.height, build_part(rows, searched, vectors[: rows.height], pl.concat(facts), kept_sentences)
