"""Passages written for a test."""

from __future__ import annotations

from typing import Any

from finrag_ml_tg1.index.passage_record import PassageRecord

__all__ = ["make_passage"]


def make_passage(text: str, **fields: str | int) -> PassageRecord:
    """Return a prose passage of a fictional company's annual report with some fields set."""
    values: dict[str, Any] = {
        "passage_id": "1-24-1-00001",
        "cik": 1,
        "ticker": "ORQN",
        "company": "Orquenna Instruments, Inc. (fictional)",
        "form": "10-K",
        "fiscal_year": 2024,
        "accession": "1-24-1",
        "item": "7",
        "kind": "prose",
        "statement": "none",
        "heading": "",
        "position": 0,
        "char_start": 0,
        "page_num": None,
        "lead": "",
        "text": text,
        "source_url": None,
    }
    return PassageRecord(**{**values, **fields})
