"""The columns of the tables that filings are read into, and the version of the reader that fills them."""

from __future__ import annotations

import io
from decimal import Decimal

import polars as pl

__all__ = ["FACTS_SCHEMA", "FILINGS_SCHEMA", "PASSAGES_SCHEMA", "READER_VERSION", "is_storable", "to_parquet"]

# Raised whenever the same bytes would be read differently, so that filings are read again.
READER_VERSION = 8

_ITEM_SPAN = pl.Struct(
    {
        "item": pl.String,
        "char_start": pl.Int64,
        "char_end": pl.Int64,
        "confidence": pl.Float64,
        "basis": pl.String,
        "pointer": pl.String,
    }
)

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
    "facts": pl.Int32,
    "checks_made": pl.Int32,
    "checks_held": pl.Int32,
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
        "note": pl.String,
        "heading": pl.String,
        "position": pl.Int32,
        "char_start": pl.Int64,
        "char_end": pl.Int64,
        "page_num": pl.Int32,
        "lead": pl.String,
        "text": pl.String,
    }
)

_DIGITS = 38
_DIGITS_AFTER_POINT = 12
_VALUE = pl.Decimal(_DIGITS, _DIGITS_AFTER_POINT)

_FACTS_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "cik": pl.Int64,
    "accession": pl.String,
    "form": pl.String,
    "concept": pl.String,
    "label": pl.String,
    "row_label": pl.String,
    "row_path": pl.String,
    "statement": pl.String,
    "value": _VALUE,
    "unit": pl.String,
    "decimals": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "dimensions": pl.String,
    "fiscal_year": pl.Int32,
    "fiscal_period": pl.String,
    "source": pl.String,
    "passage_id": pl.String,
    "char_start": pl.Int64,
    "char_end": pl.Int64,
    "occurrences": pl.Int32,
}
FACTS_SCHEMA = pl.Schema(_FACTS_COLUMNS)


def is_storable(value: Decimal) -> bool:
    """Return whether the value column holds a number exactly: 26 digits before the point, 12 after it."""
    if not value or not value.is_finite():
        return value.is_finite()
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return -(exponent + zeros) <= _DIGITS_AFTER_POINT and value.adjusted() < _DIGITS - _DIGITS_AFTER_POINT


def to_parquet(table: pl.DataFrame) -> bytes:
    """Return the table as Parquet: zstd, row groups of at most 5,000 rows, so that a filter reads little."""
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", row_group_size=5_000)
    return buffer.getvalue()
