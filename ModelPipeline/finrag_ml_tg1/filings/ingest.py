"""Filings into the store's tables, one filing at a time.

For each filing the document, the canonical text, passages and facts are written first and its row of the `filings`
table last, so a filing is in the tables whole, as it was before, or not at all. A filing already read from the same
bytes by the same reader is skipped.

A run that is killed leaves at most one filing's objects that no row names: nothing reads them, and the next reading of
the same bytes takes their place. They are not swept up, because another process may be about to write their row.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from finrag_ml_tg1.errors import FilingError, ObjectNotFoundError
from finrag_ml_tg1.filings.cover.reading import LOCAL_CIK_BASE
from finrag_ml_tg1.filings.document_bytes import MAX_DOCUMENT_BYTES, accession_of, decompressed
from finrag_ml_tg1.filings.extraction import FilingTables, Provenance, extract_tables
from finrag_ml_tg1.filings.facts.companyfacts import CompanyFact
from finrag_ml_tg1.filings.keys import FILINGS_PREFIX, FilingKeys, filing_keys
from finrag_ml_tg1.filings.passages.token_windows import TokenOffsets
from finrag_ml_tg1.filings.table_schemas import READER_VERSION
from finrag_ml_tg1.filings.writing import put_filing
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = [
    "DOCUMENT_SUFFIXES",
    "FilingTablesStore",
    "Ingested",
    "Source",
    "find_sources",
    "ingest_file",
    "read_anew",
    "read_source",
]

DOCUMENT_SUFFIXES = (".html", ".htm", ".txt", ".html.gz", ".htm.gz", ".txt.gz")


@dataclass(frozen=True, slots=True)
class Source:
    """A filing's document and where it comes from; `name` is what people and messages call it.

    `wanted_years` are the fiscal years asked for, where it is only known once the cover is read; empty for any.
    """

    name: str
    document: bytes
    provenance: Provenance = field(default_factory=Provenance)
    wanted_years: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one filing: its name for people, whether the store already held it, what to know of it."""

    source: str
    description: str
    passages: int
    facts: int
    unchanged: bool
    notes: tuple[str, ...]


def find_sources(paths: Iterable[Path]) -> list[Path]:
    """Return the files named and the filings below the folders named, sorted; FilingError for what is not there."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [
                file for file in path.rglob("*") if file.is_file() and file.name.lower().endswith(DOCUMENT_SUFFIXES)
            ]
            if not inside:
                raise FilingError(f"{path}: the folder holds no .html, .htm or .txt file (or .gz of one)")
            found.extend(inside)
        elif path.is_file():
            found.append(path)
        else:
            raise FilingError(f"{path}: no such file or folder")
    return sorted(set(found))


def read_source(path: Path) -> Source:
    """Return the document in a file; raises FilingError, naming the file, when it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            document = file.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise FilingError(f"{path.name}: {error.strerror or error}") from error
    if len(document) > MAX_DOCUMENT_BYTES:
        raise FilingError(f"{path.name}: the file is larger than {MAX_DOCUMENT_BYTES // 2**20} MB")
    return Source(path.name, document)


class FilingTablesStore:
    """The filings of a store as rows of its tables."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        keys = [entry.key for entry in store.list(FILINGS_PREFIX)]
        self._rows = {key.rpartition("/")[2].removesuffix(".parquet"): key for key in keys}

    def known(self, source: Source) -> Ingested | None:
        """Return what the store holds of the very same bytes as read by this reader; None when it has to be read."""
        document = decompressed(source.document)
        sha256 = hashlib.sha256(document).hexdigest()
        row = self._row(accession_of(document, source.name))
        return _unchanged(source.name, row) if row is not None and _is_reading(row, sha256, source) else None

    def held(self, accession: str) -> Ingested | None:
        """Return the filing as fetched and read by this reader before; None when it has to be fetched and read.

        One that was read from a file is fetched all the same: its row lacks what EDGAR knows of it.
        """
        row = self._row(accession)
        if row is None or row["reader_version"] != READER_VERSION or row["filed"] is None:
            return None
        return _unchanged(accession, row)

    def outdated(self) -> Iterator[partial[Source]]:
        """Yield for each filing that another reader read the call that gets its document out of the store again."""
        for accession in list(self._rows):
            row = self._row(accession)
            if row is not None and row["reader_version"] != READER_VERSION:
                yield partial(self._stored, row)

    def _stored(self, row: dict[str, Any]) -> Source:
        keys = filing_keys(row["cik"], row["accession"], row["sha256"], row["reader_version"])
        provenance = Provenance(
            filed=row["filed"],
            source_url=row["source_url"],
            cik=row["cik"] if row["cik"] < LOCAL_CIK_BASE else None,
            tickers=tuple(row["tickers"]),
            company_facts=self._company_facts(keys.facts, row),
        )
        try:
            document = self.store.get(keys.document).data
        except ObjectNotFoundError as error:
            raise FilingError(f"{row['accession']}: its document is gone from the store: ingest it anew") from error
        return Source(f"{row['accession']}.html.gz", document, provenance)

    def _company_facts(self, key: str, row: dict[str, Any]) -> tuple[CompanyFact, ...]:
        """The numbers that came with the filing when it was fetched: the document itself does not hold them."""
        if self.store.head(key) is None:
            return ()
        facts = pl.read_parquet(io.BytesIO(self.store.get(key).data)).filter(pl.col("source") == "companyfacts")
        return tuple(
            CompanyFact(
                cik=fact["cik"],
                concept=fact["concept"],
                label=None,
                unit=fact["unit"],
                value=fact["value"],
                period_start=fact["period_start"],
                period_end=fact["period_end"],
                accession=row["accession"],
                form=row["form"],
                filed=row["filed"] or fact["period_end"],
                frame=None,
            )
            for fact in facts.iter_rows(named=True)
        )

    def write(self, source: Source, tables: FilingTables) -> Ingested:
        """Put a filing's objects, its row last; then remove what a former reading of it left.

        Nothing is written when the very same reading stands there since: of a copy of the file, or by another process.
        """
        before = self._row(tables.accession)
        if before is not None and _is_reading(before, tables.sha256, source):
            return _unchanged(source.name, before)
        replaces = None if before is None else _keys_of(before)
        self.keep(tables.accession, put_filing(self.store, source.document, tables, replaces=replaces))
        return read_anew(source, tables)

    def standing(self, accession: str) -> FilingKeys | None:
        """Return the keys of the reading that stands in the store; None where the filing is not in it."""
        row = self._row(accession)
        return None if row is None else _keys_of(row)

    def keep(self, accession: str, keys: FilingKeys) -> None:
        """Take note of a filing that was put into the store."""
        self._rows[accession] = keys.row

    def _row(self, accession: str) -> dict[str, Any] | None:
        key = self._rows.get(accession)
        return None if key is None else pl.read_parquet(io.BytesIO(self.store.get(key).data)).row(0, named=True)


def read_anew(source: Source, tables: FilingTables) -> Ingested:
    """Return what is told of a filing that was read and put into the store."""
    return Ingested(
        source.name,
        tables.description,
        tables.passage_count,
        tables.fact_count,
        unchanged=False,
        notes=tables.notes,
    )


def _keys_of(row: dict[str, Any]) -> FilingKeys:
    return filing_keys(row["cik"], row["accession"], row["sha256"], row["reader_version"])


def _is_reading(row: dict[str, Any], sha256: str, source: Source) -> bool:
    """Whether the row is of these bytes as read by this reader, and knows what is known of where they come from."""
    known = source.provenance
    return (row["sha256"], row["reader_version"]) == (sha256, READER_VERSION) and (
        known.filed is None or (row["filed"], row["source_url"]) == (known.filed, known.source_url)
    )


def _unchanged(source: str, row: dict[str, Any]) -> Ingested:
    description = f"{row['company']} {row['form']} FY{row['fiscal_year']}"
    return Ingested(source, description, row["passages"], row["facts"], unchanged=True, notes=())


def ingest_file(path: Path, store: ObjectStore, token_offsets: TokenOffsets) -> Ingested:
    """Read one file into the store's tables; raises FilingError, naming the file, when it is no readable filing."""
    source = read_source(path)
    tables = FilingTablesStore(store)
    try:
        known = tables.known(source)
        if known is not None:
            return known
        return tables.write(source, extract_tables(source.document, source.name, token_offsets, source.provenance))
    except FilingError as error:
        raise FilingError(f"{source.name}: {error}") from error
