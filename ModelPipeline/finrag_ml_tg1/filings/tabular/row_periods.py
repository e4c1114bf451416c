"""The period of a row that names its own: "Balance at May 31, 2024", "Cash at beginning of year", "2024"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from finrag_ml_tg1.filings.tabular.fiscal_calendar import FiscalCalendar
from finrag_ml_tg1.filings.tabular.period_words import read_period_words
from finrag_ml_tg1.filings.tabular.periods import Period, period_said
from finrag_ml_tg1.filings.tabular.table_kind import TableKind

__all__ = ["label_period", "row_period", "row_periods", "shows_ending_cash"]

_DAY = timedelta(days=1)
_EDGE = r"(?:the )?(?:fiscal )?(?:year|period|quarter)s?\b"
_BEGINNING = re.compile(
    rf"\b(?:beginning|start) of {_EDGE}|\b(?:beginning|opening) (?:\w+ )?balances?\b|"
    r"\bbalances?,? beginning\b|^beginning\b",
    re.IGNORECASE,
)
_ENDING = re.compile(
    rf"\bend of {_EDGE}|\b(?:ending|closing) (?:\w+ )?balances?\b|\bbalances?,? end(?:ing)?\b|"
    r"\b(?:at|,) (?:year|period)[- ]end\b|"
    r"\b(?:at|as of|balances?,?) (?:\w{3,9} \d{1,2}|\d{4})\b|, (?:december|january) 31\b",
    re.IGNORECASE,
)
_FIRST_DAY = re.compile(r"\b(?:january|jan\.?) 1\b(?!\d)", re.IGNORECASE)
_CASH = re.compile(r"\bcash\b|\bbalances?\b|^\W*(?:at )?end of\b", re.IGNORECASE)
_CHANGE = re.compile(r"\b(?:increase|decrease|change|effect)s?\b", re.IGNORECASE)
_RECONCILED_CASH = re.compile(
    r"^(?:reconciliation of|components of|composition of)\s+(?:total\s+)?cash\b|"
    r"^cash, cash equivalents\b.*\b(?:consist(?:s|ed)? of|compris\w+)",
    re.IGNORECASE,
)
_PAID = re.compile(r"\bpaid\b|\bpayments?\b|\breceived\b|\binterest\b|\btaxes\b|\bnon-?cash\b", re.IGNORECASE)
_BALANCE_AT = re.compile(
    r"^balances?,? [A-Za-z]{3,9} \d|"
    r"\b(?:balances?|outstanding|unvested|nonvested|non-vested|vested|exercisable|equity|deficit|obligation|assets)\b"
    r"[^|]*?(?:\b(?:at|as of|as at|on)\b|,|[-–—])\s*[A-Za-z]",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[a-z]+")
_MAX_LABEL_CHARS = 80
_PERIOD_VOCABULARY = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec fiscal fy year years ended ending for the as of at three six nine twelve months month weeks "
    "quarter".split()
)


def label_period(label: str, kind: TableKind, fiscal: FiscalCalendar) -> Period | None:
    """Return the period a label states ("2024", "Year ended December 31, 2023", "Balance at May 31, 2024").

    None for any other label, and for the years to come of a table of maturities.
    """
    if len(label) > _MAX_LABEL_CHARS or not any(char.isdigit() for char in label):
        return None
    words = read_period_words([label])
    if words.is_comparison or len(words.dates) + len(words.years) != 1:
        return None
    is_period = set(_LETTERS.findall(label.lower())) <= _PERIOD_VOCABULARY
    if words.dates and not words.months and (is_period or _BALANCE_AT.search(label)):
        day = words.dates[0]
        # What stands in the books on the first day of a year is what stood there when the year before ended.
        return Period(None, day - _DAY if fiscal.is_first_day(day) else day)
    if not is_period:
        return None
    period = period_said(words, [], kind, fiscal)
    return period if period and period.end <= fiscal.end_of(fiscal.label) else None


def shows_ending_cash(label: str, row_above_does: bool, *, is_section: bool) -> bool:
    """Return whether a row of a statement of cash flows is of what the cash at the period's end consists of.

    So are the rows of a section that says so, and the rows about cash directly below "Cash at end of year".
    """
    if is_section:
        return _RECONCILED_CASH.search(label) is not None
    if row_above_does:
        return _CASH.search(label) is not None and not _PAID.search(label)
    return bool(_CASH.search(label) and _ENDING.search(label) and not _CHANGE.search(label))


def row_period(label: str, column: Period | None) -> Period | None:
    """Return the period of a number whose row names the column's beginning or end: an instant; else the column's.

    "Cash at beginning of year" in a column of 2023 is of the last day of 2022.
    """
    if column is None or column.start is None or _CHANGE.match(label):
        return column
    if _BEGINNING.search(label) or _FIRST_DAY.search(label):
        return Period(None, column.start - _DAY)
    if _ENDING.search(label):
        return Period(None, column.end)
    return column


def row_periods(rows: Sequence[tuple[str, bool]], kind: TableKind, fiscal: FiscalCalendar) -> list[Period | None]:
    """Return the period each row itself states; `rows` are labels, and whether the row is a section.

    A section ("2024") states it for the rows below it. Between "Balance at December 31, 2022" and "Balance at December
    31, 2023" rows are of the year between the two.
    """
    periods: list[Period | None] = []
    section: Period | None = None
    balance: date | None = None
    since: list[int] = []
    for place, (label, is_section) in enumerate(rows):
        own = label_period(label, kind, fiscal)
        if is_section:
            section = own or section
        if own and own.start is None and not is_section:
            if balance is not None and own.end > balance:
                for between in since:
                    periods[between] = Period(balance + _DAY, own.end)
            balance, since = own.end, []
        elif own is None and section is None and balance is not None:
            since.append(place)
        periods.append(own or section)
    return periods
