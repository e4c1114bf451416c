"""Annual reports of fictional companies as tables in a store, as many numbers and parts as real ones have.

No document is written: the tables are what reading one gives. Numbers follow from company, line and year alone, so that
reports of different years agree on the years they share. All names are made up.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from benchmarks.synthetic_rows import Row, statement_rows
from finrag_ml_tg1.filings.keys import filing_keys
from finrag_ml_tg1.filings.table_schemas import (
    FACTS_SCHEMA,
    FILINGS_SCHEMA,
    PASSAGES_SCHEMA,
    READER_VERSION,
    to_parquet,
)
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["LAST_YEAR", "SyntheticCompany", "companies", "write_filing"]

LAST_YEAR = 2024
_FIRST_SYLLABLES = ("Ambrel", "Corvant", "Delmoro", "Fenwicor", "Galvost")
_LAST_SYLLABLES = ("Harrowell", "Ironquist", "Jessamund", "Kelbridge", "Lorimast")
_ROWS_A_PASSAGE = 12
_PROSE_PASSAGES = 110
_PROSE = "The company makes and mends instruments for surveyors, and says here nothing that is asked for. " * 6


@dataclass(frozen=True, slots=True)
class SyntheticCompany:
    """A company of this benchmark."""

    cik: int
    name: str
    ticker: str


def companies(count: int) -> list[SyntheticCompany]:
    """Return up to 25 fictional companies."""
    names = [f"{first} {last}" for first in _FIRST_SYLLABLES for last in _LAST_SYLLABLES]
    return [
        SyntheticCompany(9_980_000_000 + place, f"{name}, Inc. (fictional)", f"ZZ{chr(65 + place)}X")
        for place, name in enumerate(names[:count])
    ]


def write_filing(store: ObjectStore, company: SyntheticCompany, year: int) -> int:
    """Write the tables of one annual report; return how many numbers it holds."""
    accession = f"{company.cik}-{(year + 1) % 100:02d}-000001"
    digest = hashlib.sha256(accession.encode()).hexdigest()
    passages, facts = _tables(company, year, accession)
    keys = filing_keys(company.cik, accession, digest, READER_VERSION)
    store.put(keys.passages, to_parquet(pl.DataFrame(passages, schema=PASSAGES_SCHEMA)))
    store.put(keys.facts, to_parquet(pl.DataFrame(facts, schema=FACTS_SCHEMA)))
    row = {
        "cik": company.cik,
        "tickers": [company.ticker],
        "company": company.name,
        "form": "10-K",
        "accession": accession,
        "fiscal_year": year,
        "fiscal_period": "FY",
        "period_end": date(year, 12, 31),
        "fiscal_year_end": "12-31",
        "filed": date(year + 1, 2, 20),
        "sha256": digest,
        "reader_version": READER_VERSION,
        "characters": sum(len(passage["text"]) for passage in passages),
        "passages": len(passages),
        "facts": len(facts),
        "items": [],
        "checks_made": 0,
        "checks_held": 0,
        "notes": [],
    }
    store.put(keys.row, to_parquet(pl.DataFrame([row], schema=FILINGS_SCHEMA)))
    return len(facts)


def _tables(company: SyntheticCompany, year: int, accession: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    passages: list[dict[str, Any]] = []
    facts: list[dict[str, Any]] = []
    place = 0
    rows = list(statement_rows())
    texts: list[tuple[str, str, list[Row]]] = [
        (rows[start].statement, "table", rows[start : start + _ROWS_A_PASSAGE])
        for start in range(0, len(rows), _ROWS_A_PASSAGE)
    ]
    texts += [("none", "prose", [])] * _PROSE_PASSAGES
    for position, (statement, kind, shown) in enumerate(texts):
        passage_id = f"{accession}-{position:05d}"
        text = "" if shown else _PROSE
        for row in shown:
            text += row.label
            for of_year in (year, year - 1) if row.is_stock else (year, year - 1, year - 2):
                value = _value(company, row, of_year)
                printed = f"{value:,}"
                start = place + len(text) + 3
                text += f" | {printed}"
                facts.append(
                    _fact(company, row, of_year, value, accession)
                    | {"passage_id": passage_id, "char_start": start, "char_end": start + len(printed)}
                )
            text += "\n"
        passages.append(
            {
                "passage_id": passage_id,
                "cik": company.cik,
                "fiscal_year": year,
                "form": "10-K",
                "accession": accession,
                "item": "8" if shown else "1",
                "kind": kind,
                "statement": statement,
                "note": "",
                "heading": "Financial Statements" if shown else "Business",
                "position": position,
                "char_start": place,
                "char_end": place + len(text),
                "lead": "",
                "text": text,
            }
        )
        place += len(text) + 2
    return passages, facts


def _fact(company: SyntheticCompany, row: Row, year: int, value: Decimal, accession: str) -> dict[str, Any]:
    return {
        "cik": company.cik,
        "accession": accession,
        "form": "10-K",
        "concept": row.concept,
        "label": row.label,
        "row_label": row.label,
        "row_path": "",
        "statement": row.statement,
        "value": value,
        "unit": row.unit,
        "decimals": "-3",
        "period_start": None if row.is_stock else date(year, 1, 1),
        "period_end": date(year, 12, 31),
        "dimensions": row.dimensions,
        "fiscal_year": year,
        "fiscal_period": "FY",
        "source": "tagged",
        "occurrences": 1,
    }


def _value(company: SyntheticCompany, row: Row, year: int) -> Decimal:
    """A number of its own for each company, line and year, larger from year to year."""
    seed = hashlib.sha256(f"{company.cik} {row.concept} {row.dimensions}".encode()).digest()
    base = 100_000 + int.from_bytes(seed[:3], "big") % 900_000
    grown = base + base * (year - 2000) // 12 + seed[year % 32] * 40
    return Decimal(grown).scaleb(-3) if row.unit == "USD/shares" else Decimal(grown * 1_000)
