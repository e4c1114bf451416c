"""Which statements read from pages must not give numbers: their units are not certain, or their totals do not foot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.tabular.model import TableReading
from finrag_ml_tg1.vocabulary.metrics import load_metrics

__all__ = ["has_certain_unit", "statements_in_doubt"]

_CHECKED = ("income", "balance", "cash flow")
_SHARES = re.compile(r"\bshares?\b", re.IGNORECASE)
_OF_MONEY = ("balance", "cash flow")
_CURRENCY_CHARS = 3
# A filer's three statements stand on so many pages, with those of comprehensive income and equity between them.
_MAX_PAGES_BETWEEN = 9
_TITLES = {"income": "income statement", "balance": "balance sheet", "cash flow": "statement of cash flows"}


def statements_in_doubt(filing: Filing) -> Mapping[str, str]:
    """Return the statements whose numbers are not to be given, each with the reason.

    One is in doubt when it states no units, when it is printed in other units than the other two or on pages away from
    them, and when total assets differ from total liabilities and equity on any of its days.
    """
    tables = filing.tables.values()
    primary = [reading for reading in tables if reading.is_primary and reading.statement in _CHECKED]
    scales = {
        statement: _scale([reading for reading in primary if reading.statement == statement]) for statement in _CHECKED
    }
    doubts = {
        statement: f"the {_TITLES[statement]} states no units"
        for statement in _CHECKED
        if any(reading.statement == statement and not reading.units_line for reading in primary)
    }
    known = Counter(scale for scale in scales.values() if scale is not None)
    usual = known.most_common(1)[0][0] if known else None
    for statement, scale in scales.items():
        if scale is not None and len(known) > 1 and (scale != usual or known[scale] == 1):
            doubts.setdefault(statement, f"the {_TITLES[statement]} is in other units than the other statements")
    away = _stands_away(filing, primary)
    if away:
        doubts.setdefault(away, f"the {_TITLES[away]} stands on pages away from the other statements")
    unequal = _unequal_totals([reading for reading in primary if reading.statement == "balance"])
    if unequal:
        days = ", ".join(f"{day:%Y-%m-%d}" for day in unequal)
        doubts["balance"] = f"total assets differ from total liabilities and equity on {days}"
    return doubts


def has_certain_unit(statement: str, label: str, unit: str) -> bool:
    """Return whether a row's label agrees with its unit: pages show no indents, so that sections reach too far down."""
    return statement not in _OF_MONEY or len(unit) == _CURRENCY_CHARS or _SHARES.search(label) is not None


def _scale(readings: Sequence[TableReading]) -> int | None:
    """The power of ten that most amounts of money in a statement are printed in; None when it has none."""
    scales = Counter(
        cell.scale
        for reading in readings
        for row in reading.rows
        for cell in row.cells
        if len(cell.unit) == _CURRENCY_CHARS and not cell.is_dash
    )
    return scales.most_common(1)[0][0] if scales else None


def _stands_away(filing: Filing, primary: Sequence[TableReading]) -> str | None:
    """The statement that another registrant's may have been taken for: it is not near the other two."""
    pages: dict[str, int] = {}
    for reading in primary:
        pages.setdefault(reading.statement, filing.document.blocks[reading.block].page)
    if len(pages) < len(_CHECKED):
        return None
    ordered = sorted(pages, key=pages.__getitem__)
    first, middle, last = (pages[statement] for statement in ordered)
    if last - first <= _MAX_PAGES_BETWEEN:
        return None
    return ordered[-1] if last - middle > middle - first else ordered[0]


def _unequal_totals(readings: Sequence[TableReading]) -> list[date]:
    assets, others = _by_day(readings, "total_assets"), _by_day(readings, "liabilities_and_equity")
    return [day for day, value in assets.items() if day in others and others[day] != value]


def _by_day(readings: Sequence[TableReading], metric: str) -> dict[date, Decimal]:
    patterns = [re.compile(pattern) for pattern in load_metrics()[metric].rows]
    return {
        cell.period_end: cell.value
        for reading in readings
        for row in reading.rows
        if any(pattern.search(row.label.strip(" .:")) for pattern in patterns)
        for cell in row.cells
        if cell.period_end is not None
    }
