"""What is kept of a query: one row, without the words of question and answer unless they are asked for."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Literal

import polars as pl

__all__ = ["QUERIES_SCHEMA", "FlagCount", "QueryRecord", "QueryStatus", "StageTime", "queries_parquet"]

QueryStatus = Literal["answered", "abstained", "failed", "cancelled"]

_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "request_id": pl.String,
    "timestamp": pl.Datetime("us", "UTC"),
    "status": pl.String,
    "model_id": pl.String,
    "input_tokens": pl.Int64,
    "output_tokens": pl.Int64,
    "cached_tokens": pl.Int64,
    "cost_usd": pl.Decimal(38, 12),
    "stop_reason": pl.String,
    "timings_ms": pl.List(pl.Struct({"stage": pl.String, "ms": pl.Float64})),
    "total_ms": pl.Float64,
    "ciks": pl.List(pl.Int64),
    "fiscal_years": pl.List(pl.Int32),
    "metrics": pl.List(pl.String),
    "index_version": pl.String,
    "prompt_version": pl.String,
    "is_cached": pl.Boolean,
    "is_fallback": pl.Boolean,
    "flags": pl.List(pl.Struct({"kind": pl.String, "count": pl.Int32})),
    "question_chars": pl.Int32,
    "question": pl.String,
    "answer": pl.String,
}
QUERIES_SCHEMA = pl.Schema(_COLUMNS)


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long one stage of answering took."""

    stage: str
    ms: float


@dataclass(frozen=True, slots=True)
class FlagCount:
    """How many flags of one kind an answer has."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class QueryRecord:
    """One query as it is logged; docs/data-model.md says what each field means."""

    request_id: str
    timestamp: datetime
    status: QueryStatus
    total_ms: float
    question_chars: int
    model_id: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    stop_reason: str = ""
    timings_ms: tuple[StageTime, ...] = ()
    ciks: tuple[int, ...] = ()
    fiscal_years: tuple[int, ...] = ()
    metrics: tuple[str, ...] = ()
    index_version: str = ""
    prompt_version: str = ""
    is_cached: bool = False
    is_fallback: bool = False
    flags: tuple[FlagCount, ...] = ()
    question: str | None = None
    answer: str | None = None


def queries_parquet(records: Sequence[QueryRecord]) -> bytes:
    """Return the records as a Parquet file with the columns of QUERIES_SCHEMA."""
    columns = {field.name: [_plain(getattr(record, field.name)) for record in records] for field in fields(QueryRecord)}
    table = pl.DataFrame(columns, schema_overrides=QUERIES_SCHEMA).select(QUERIES_SCHEMA.names())
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _plain(value: object) -> object:
    """A field's value as Polars takes it: lists for tuples, dictionaries for what stands in them."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, StageTime):
        return {"stage": value.stage, "ms": value.ms}
    if isinstance(value, FlagCount):
        return {"kind": value.kind, "count": value.count}
    return value
