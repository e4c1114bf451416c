"""A company's facts, made by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from finrag_ml_tg1.index.facts import PART_FACTS_SCHEMA, CompanyFacts

__all__ = ["COMPANY_CIK", "make_company", "make_row"]

COMPANY_CIK = 7


def make_row(concept: str, value: str | int, year: int, part: str = "FY", **fields: str | int) -> dict[str, Any]:
    """A fact of a calendar-year filer: a flow of the year, or with `instant` a stock at its end."""
    months = {"FY": (1, 12), "Q1": (1, 3), "Q2": (4, 6), "Q3": (7, 9), "9M": (1, 9), "H1": (1, 6)}[part]
    last_day = 31 if months[1] in (3, 12) else 30
    instant = fields.pop("instant", False)
    row = {
        "accession": f"A-{year}",
        "concept": f"us-gaap:{concept}",
        "label": concept,
        "row_label": concept,
        "row_path": "",
        "statement": "income",
        "value": Decimal(value),
        "unit": "USD",
        "decimals": "0",
        "period_start": None if instant else date(year, months[0], 1),
        "period_end": date(year, months[1], last_day),
        "dimensions": "",
        "fiscal_year": year,
        "fiscal_period": part,
        "source": "tagged",
    }
    return row | fields


def make_company(*rows: dict[str, Any], forms: dict[str, str] | None = None, cik: int = COMPANY_CIK) -> CompanyFacts:
    """The facts of one company; filings replace one another in the order of their names."""
    names = forms or {row["accession"]: "10-K" for row in sorted(rows, key=lambda row: row["accession"])}
    return CompanyFacts(cik, [pl.DataFrame(list(rows), schema=PART_FACTS_SCHEMA)], names)
