"""Files and folders to the store's tables, one filing at a time.

For each filing the canonical text and the passages are written first and its row of the `filings` table last; a row of
other content is removed before that. So a filing is in the tables whole or not at all. A filing already read from the
same bytes by the same reader is skipped.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.filing import Filing, read_filing
from finrag_ml_tg1.filings.passages import Passage, TokenOffsets, build_passages
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = [
    "FILINGS_PREFIX",
    "FILINGS_SCHEMA",
    "PASSAGES_SCHEMA",
    "READER_VERSION",
    "Ingested",
    "find_sources",
    "ingest_file",
]

# Raised whenever the same bytes would be read differently, so that filings are read again.
READER_VERSION = 3

FILINGS_PREFIX = "tables/filings/"
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
    row_key = f"{FILINGS_PREFIX}cik={cover.cik}/{filing.accession}.parquet"
    known = _known_passages(store, row_key, filing.sha256)
    if known is not None:
        return Ingested(path, description, known, unchanged=True, notes=cover.notes)
    passages = build_passages(filing, token_offsets)
    if not passages:
        raise FilingError(f"{path.name}: the document holds nothing but page numbers and running heads")
    compressed = document if document.startswith(_GZIP_MAGIC) else gzip.compress(document, mtime=0)
    _write(store, filing, passages, compressed, row_key)
    return Ingested(path, description, len(passages), unchanged=False, notes=(*cover.notes, *_gaps(filing)))


def _known_passages(store: ObjectStore, row_key: str, sha256: str) -> int | None:
    """The number of passages when the store holds this filing from the same bytes and reader, else None."""
    if store.head(row_key) is None:
        return None
    row = pl.read_parquet(io.BytesIO(store.get(row_key).data))
    is_same = row["sha256"][0] == sha256 and row["reader_version"][0] == READER_VERSION
    return int(row["passages"][0]) if is_same else None


def _gaps(filing: Filing) -> Iterator[str]:
    if not filing.items:
        yield "no item headings were recognised: its text is searchable but carries no item"


def _write(store: ObjectStore, filing: Filing, passages: list[Passage], document: bytes, row_key: str) -> None:
    cover = filing.cover
    text = filing.document.text.encode()
    store.delete(row_key)
    store.put(f"raw/cik={cover.cik}/{filing.accession}/document.html.gz", document)
    store.put(f"text/cik={cover.cik}/{filing.accession}.txt.gz", gzip.compress(text, mtime=0))
    store.put(
        f"tables/passages/cik={cover.cik}/{filing.accession}.parquet", _parquet(_passages_table(filing, passages))
    )
    store.put(row_key, _parquet(_filing_row(filing, len(passages))))


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
