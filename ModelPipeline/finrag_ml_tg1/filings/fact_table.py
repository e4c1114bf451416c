"""The rows of the facts table: each tagged number once, with the row it is printed in and the passage that shows it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from finrag_ml_tg1.filings.companyfacts import CompanyFact
from finrag_ml_tg1.filings.fact_periods import FiscalLabels
from finrag_ml_tg1.filings.facts import FilingFact, Occurrence
from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.passages import Passage
from finrag_ml_tg1.filings.table_schemas import FACTS_SCHEMA
from finrag_ml_tg1.filings.tabular.model import NumberCell, RowReading, TableReading

__all__ = ["facts_table", "words_of_concept"]

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_MAX_DIGITS_AFTER_POINT = 12
_STATEMENT_ORDER = {"income": 0, "balance": 1, "cash flow": 2, "comprehensive income": 3, "equity": 4}
_OTHER_TABLE, _PROSE, _HIDDEN = 10, 20, 30


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a number is printed: the row's label and its sections, the statement, and how good a place that is."""

    rank: int
    row_label: str
    row_path: str
    statement: str
    span: tuple[int, int] | None


def words_of_concept(concept: str) -> str:
    """Return a concept's name as words: "us-gaap:NetIncomeLoss" is "Net income loss"."""
    words = _WORD.findall(concept.rpartition(":")[2])
    text = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)
    return text[:1].upper() + text[1:]


def facts_table(
    filing: Filing, passages: Sequence[Passage], company_facts: Sequence[CompanyFact] = ()
) -> pl.DataFrame:
    """Return the filing's facts, sorted by concept and period.

    Tagged numbers where the filing tags any (`source` "tagged"), else those that SEC extracted from its exhibits
    ("companyfacts") and the numbers of its primary statements as printed ("table"). A fact printed in several places
    stands where it is best read: a primary statement, then another table, then prose.
    """
    readings = tuple(filing.tables.values())
    rows = list(_tagged_rows(filing, readings))
    if not rows:
        rows = [*_company_rows(filing, company_facts), *_printed_rows(filing, readings)]
    starts = [passage.char_start for passage in passages]
    for row in rows:
        row["passage_id"] = _passage_at(row["char_start"], passages, starts, filing.accession)
    cover = filing.cover
    common = {"cik": cover.cik, "accession": filing.accession, "form": cover.form}
    table = pl.DataFrame([common | row for row in rows], schema=FACTS_SCHEMA)
    return table.sort("concept", "dimensions", "period_end", "period_start", "char_start", nulls_last=True)


def _passage_at(offset: object, passages: Sequence[Passage], starts: Sequence[int], accession: str) -> str | None:
    if not isinstance(offset, int):
        return None
    index = bisect_right(starts, offset) - 1
    if index < 0 or offset >= passages[index].char_end:
        return None
    return f"{accession}-{passages[index].position:05d}"


def _tagged_rows(filing: Filing, readings: Sequence[TableReading]) -> Iterator[dict[str, object]]:
    cells = _cells_by_offset(readings)
    labels = FiscalLabels(filing.cover)
    for fact in filing.facts:
        if fact.value is None or not _fits(fact.value):
            continue
        place = min(
            (_place(occurrence, cells) for occurrence in fact.occurrences if occurrence.value == fact.value),
            key=lambda place: place.rank,
        )
        yield {
            "concept": fact.concept,
            "label": words_of_concept(fact.concept),
            "row_label": place.row_label,
            "row_path": place.row_path,
            "statement": place.statement,
            "value": fact.value,
            "unit": fact.unit,
            "decimals": fact.decimals,
            "dimensions": "|".join(f"{axis}={member}" for axis, member in fact.dimensions),
            "source": "tagged",
            "char_start": place.span[0] if place.span else None,
            "char_end": place.span[1] if place.span else None,
            "occurrences": len(fact.occurrences),
            **_period(filing, labels, fact),
        }


def _fits(value: Decimal) -> bool:
    """Whether the column's fixed number of digits holds the value exactly."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= _MAX_DIGITS_AFTER_POINT


def _period(filing: Filing, labels: FiscalLabels, fact: FilingFact) -> dict[str, object]:
    if fact.concept.startswith("dei:"):
        # Facts about the filing itself, such as the shares outstanding when it was filed.
        year, period = filing.cover.fiscal_year, filing.cover.fiscal_period
    else:
        year, period = labels.label(fact.period_start, fact.period_end)
    return {
        "period_start": fact.period_start,
        "period_end": fact.period_end,
        "fiscal_year": year,
        "fiscal_period": period,
    }


_Cells = dict[int, tuple[TableReading, RowReading, NumberCell]]


def _cells_by_offset(readings: Sequence[TableReading]) -> _Cells:
    """Each printed number's cell by every character it covers: a tag encloses the digits, not always the sign."""
    return {
        offset: (reading, row, cell)
        for reading in readings
        for row in reading.rows
        for cell in row.cells
        for offset in range(cell.char_start, cell.char_end)
    }


def _place(occurrence: Occurrence, cells: Mapping[int, tuple[TableReading, RowReading, NumberCell]]) -> _Place:
    span = occurrence.span
    if span is None or span[0] == span[1]:
        return _Place(_HIDDEN, "", "", "none", None)
    found = cells.get(span[0])
    if found is None:
        return _Place(_PROSE, "", "", "none", span)
    reading, row, _ = found
    statement = reading.statement if reading.is_primary else "none"
    return _Place(_STATEMENT_ORDER.get(statement, _OTHER_TABLE), row.label, _path(row), statement, span)


def _path(row: RowReading) -> str:
    return " > ".join(section.rstrip(": ") for section in row.label_path)


def _company_rows(filing: Filing, company_facts: Sequence[CompanyFact]) -> Iterator[dict[str, object]]:
    """The numbers that SEC holds of this very filing; what `fy` and `fp` say of it is not read."""
    labels = FiscalLabels(filing.cover)
    for fact in company_facts:
        if fact.accession != filing.accession or not _fits(fact.value):
            continue
        year, period = labels.label(fact.period_start, fact.period_end)
        yield {
            "concept": fact.concept,
            "label": words_of_concept(fact.concept),
            "row_label": "",
            "row_path": "",
            "statement": "none",
            "value": fact.value,
            "unit": fact.unit,
            "decimals": None,
            "period_start": fact.period_start,
            "period_end": fact.period_end,
            "dimensions": "",
            "fiscal_year": year,
            "fiscal_period": period,
            "source": "companyfacts",
            "char_start": None,
            "char_end": None,
            "occurrences": 1,
        }


def _printed_rows(filing: Filing, readings: Sequence[TableReading]) -> Iterator[dict[str, object]]:
    """The numbers of primary statements that carry no tags: concept is empty, the row's label says what they are."""
    labels = FiscalLabels(filing.cover)
    for reading in readings:
        if not reading.is_primary:
            continue
        for row in reading.rows:
            for cell in row.cells:
                if cell.period_end is None or not _fits(cell.value):
                    continue
                year, period = labels.label(cell.period_start, cell.period_end)
                yield {
                    "concept": "",
                    "label": row.label,
                    "row_label": row.label,
                    "row_path": _path(row),
                    "statement": reading.statement,
                    "value": cell.value,
                    "unit": cell.unit,
                    "decimals": str(-cell.scale) if cell.scale > 0 else None,
                    "period_start": cell.period_start,
                    "period_end": cell.period_end,
                    "dimensions": "",
                    "fiscal_year": year,
                    "fiscal_period": period,
                    "source": "table",
                    "char_start": cell.char_start,
                    "char_end": cell.char_end,
                    "occurrences": 1,
                }
