"""Files and folders to the store's tables, one filing at a time.

For each filing the document, the canonical text and the passages are written first and its row of the `filings` table
last, so a filing is in the tables whole, as it was before, or not at all. A filing already read from the same bytes by
the same reader is skipped.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.filing import Filing, read_filing
from finrag_ml_tg1.filings.keys import FilingKeys, filing_keys
from finrag_ml_tg1.filings.passages import Passage, TokenOffsets, build_passages
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = [
    "FILINGS_SCHEMA",
    "PASSAGES_SCHEMA",
    "READER_VERSION",
    "Ingested",
    "find_sources",
    "ingest_file",
]

# Raised whenever the same bytes would be read differently, so that filings are read again.
READER_VERSION = 4

_GZIP_MAGIC = b"\x1f\x8b"
_DOCUMENT_SUFFIXES = (".html", ".htm", ".html.gz", ".htm.gz")

_ITEM_SPAN = pl.Struct({"item": pl.String, "char_start": pl.Int64, "char_end": pl.Int64})
_FILINGS_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "cik": pl.Int64,
    "tickers": pl.List(pl.String),
    "company": pl.String,
    "form": pl.String,
    "accession": pl.String,
    "fiscal_year": pl.Int32,
    "fiscal_period": pl.String,
    "period_end": pl.Date,
    "fiscal_year_end": pl.String,
    "filed": pl.Date,
    "source_url": pl.String,
    "sha256": pl.String,
    "reader_version": pl.Int32,
    "characters": pl.Int64,
    "passages": pl.Int32,
    "items": pl.List(_ITEM_SPAN),
    "notes": pl.List(pl.String),
}
FILINGS_SCHEMA = pl.Schema(_FILINGS_COLUMNS)

PASSAGES_SCHEMA = pl.Schema(
    {
        "passage_id": pl.String,
        "cik": pl.Int64,
        "fiscal_year": pl.Int32,
        "form": pl.String,
        "accession": pl.String,
        "item": pl.String,
        "kind": pl.String,
        "statement": pl.String,
        "heading": pl.String,
        "position": pl.Int32,
        "char_start": pl.Int64,
        "char_end": pl.Int64,
        "page_num": pl.Int32,
        "lead": pl.String,
        "text": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one file: its filing's name for people, whether the store already held it, what to know of it."""

    path: Path
    description: str
    passages: int
    unchanged: bool
    notes: tuple[str, ...]


def find_sources(paths: Iterable[Path]) -> list[Path]:
    """Return the files named and the HTML files below the folders named, sorted; FilingError for what is not there."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [
                file for file in path.rglob("*") if file.is_file() and file.name.lower().endswith(_DOCUMENT_SUFFIXES)
            ]
            if not inside:
                raise FilingError(f"{path}: the folder holds no .html, .htm or .html.gz file")
            found.extend(inside)
        elif path.exists():
            found.append(path)
        else:
            raise FilingError(f"{path}: no such file or folder")
    return sorted(set(found))


def ingest_file(path: Path, store: ObjectStore, token_offsets: TokenOffsets) -> Ingested:
    """Read one file into the store's tables; raises FilingError, naming the file, when it is no readable filing."""
    try:
        document = path.read_bytes()
        filing = read_filing(document, path.name)
    except OSError as error:
        raise FilingError(f"{path.name}: {error.strerror or error}") from error
    except FilingError as error:
        raise FilingError(f"{path.name}: {error}") from error
    cover = filing.cover
    description = f"{cover.company} {cover.form} FY{cover.fiscal_year}"
    keys = filing_keys(cover.cik, filing.accession, filing.sha256, READER_VERSION)
    known = _known_row(store, keys.row)
    if known is not None and (known["sha256"], known["reader_version"]) == (filing.sha256, READER_VERSION):
        return Ingested(path, description, known["passages"], unchanged=True, notes=cover.notes)
    passages = build_passages(filing, token_offsets)
    if not passages:
        raise FilingError(f"{path.name}: the document holds nothing but page numbers and running heads")
    compressed = document if document.startswith(_GZIP_MAGIC) else gzip.compress(document, mtime=0)
    _write(store, filing, passages, compressed, keys)
    if known is not None:
        _remove_reading(store, known)
    return Ingested(path, description, len(passages), unchanged=False, notes=(*cover.notes, *_gaps(filing)))


def _known_row(store: ObjectStore, row_key: str) -> dict[str, Any] | None:
    """The filing's row in the store, or None when it has none."""
    if store.head(row_key) is None:
        return None
    return pl.read_parquet(io.BytesIO(store.get(row_key).data)).row(0, named=True)


def _remove_reading(store: ObjectStore, row: dict[str, Any]) -> None:
    """Remove the text and passages of a row that has been replaced."""
    replaced = filing_keys(row["cik"], row["accession"], row["sha256"], row["reader_version"])
    store.delete(replaced.passages)
    store.delete(replaced.text)


def _gaps(filing: Filing) -> Iterator[str]:
    if not filing.items:
        yield "no item headings were recognised: its text is searchable but carries no item"


def _write(store: ObjectStore, filing: Filing, passages: list[Passage], document: bytes, keys: FilingKeys) -> None:
    text = filing.document.text.encode()
    store.put(keys.document, document)
    store.put(keys.text, gzip.compress(text, mtime=0))
    store.put(keys.passages, _parquet(_passages_table(filing, passages)))
    store.put(keys.row, _parquet(_filing_row(filing, len(passages))))


def _passages_table(filing: Filing, passages: list[Passage]) -> pl.DataFrame:
    cover = filing.cover
    rows = [
        {
            "passage_id": f"{filing.accession}-{passage.position:05d}",
            "cik": cover.cik,
            "fiscal_year": cover.fiscal_year,
            "form": cover.form,
            "accession": filing.accession,
            "item": passage.item,
            "kind": passage.kind,
            "statement": passage.statement,
            "heading": passage.heading,
            "position": passage.position,
            "char_start": passage.char_start,
            "char_end": passage.char_end,
            "page_num": None,
            "lead": passage.lead,
            "text": passage.text,
        }
        for passage in passages
    ]
    return pl.DataFrame(rows, schema=PASSAGES_SCHEMA)


def _filing_row(filing: Filing, passages: int) -> pl.DataFrame:
    cover = filing.cover
    row = {
        "cik": cover.cik,
        "tickers": list(cover.tickers),
        "company": cover.company,
        "form": cover.form,
        "accession": filing.accession,
        "fiscal_year": cover.fiscal_year,
        "fiscal_period": cover.fiscal_period,
        "period_end": cover.period_end,
        "fiscal_year_end": cover.fiscal_year_end,
        "filed": None,
        "source_url": filing.source_url,
        "sha256": filing.sha256,
        "reader_version": READER_VERSION,
        "characters": len(filing.document.text),
        "passages": passages,
        "items": [
            {"item": span.item, "char_start": span.char_start, "char_end": span.char_end} for span in filing.items
        ],
        "notes": [*cover.notes, *_gaps(filing)],
    }
    return pl.DataFrame([row], schema=FILINGS_SCHEMA)


def _parquet(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", row_group_size=5_000)
    return buffer.getvalue()
