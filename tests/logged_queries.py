"""Reads the query log as an analyst would, and makes records for it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.query_record import QueryRecord

__all__ = ["NOON", "logged_files", "logged_rows", "record"]

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)

Row = dict[str, Any]


def logged_files(store: ObjectStore) -> dict[str, list[Row]]:
    """Return the rows of each file of the query log; fails on one that is not whole."""
    keys = [entry.key for entry in store.list("logs/")]
    return {key: pl.read_parquet(io.BytesIO(store.get(key).data)).to_dicts() for key in keys}


def logged_rows(store: ObjectStore) -> list[Row]:
    """Return all rows, files in the order of their keys."""
    return [row for rows in logged_files(store).values() for row in rows]


def record(number: int = 0, **fields: object) -> QueryRecord:
    """Return a record named by its number."""
    plain = QueryRecord(f"request-{number:05}", NOON, "answered", total_ms=12.5, question_chars=40)
    return replace(plain, **fields)  # type: ignore[arg-type]
