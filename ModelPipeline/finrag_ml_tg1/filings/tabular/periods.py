"""Header words to dates: the period of a column, and of a row that names its own.

What a header leaves unsaid is taken from the nearest place that says it: the column's own headings, the column to its
left ("Years ended December 31, 2023 | 2022"), the header over the labels, the caption, the statement, the fiscal year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from finrag_ml_tg1.filings.tabular.fiscal_calendar import FiscalCalendar, month_end
from finrag_ml_tg1.filings.tabular.period_words import PeriodWords, read_period_words
from finrag_ml_tg1.filings.tabular.table_kind import TableKind

__all__ = ["Period", "column_periods", "period_said"]


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`, both inclusive; `start` is None for an instant."""

    start: date | None
    end: date


def column_periods(
    headings: Sequence[Sequence[str]],
    stub: Sequence[str],
    captions: Sequence[str],
    kind: TableKind,
    fiscal: FiscalCalendar,
) -> tuple[Period | None, ...]:
    """Return the period of each column, left to right; None for a column that has none or does not tell it.

    `captions` are the lines above the table, nearest first; `kind` decides where no word tells a day from the time up
    to it.
    """
    columns = [read_period_words(stack) for stack in headings]
    stated = read_period_words(stub)
    lines = [read_period_words([line]) for line in captions]
    periods: list[Period | None] = []
    left = PeriodWords()
    is_dated = any(words.dates or words.years for words in columns)
    for words in columns:
        tells = words.dates or words.years or (not is_dated and _stands_alone([words, stated, *lines]))
        if words.is_comparison or not tells:
            periods.append(None)
            continue
        periods.append(period_said(words, [left, stated, *lines], kind, fiscal))
        left = words if words.month_day or words.months or words.dates or words.is_instant else replace(left, dates=())
    return tuple(periods)


def _stands_alone(around: Sequence[PeriodWords]) -> bool:
    """Whether a header without any year can take its one date from the words around it."""
    return any(len(other.dates) == 1 and not other.years for other in around)


def period_said(
    words: PeriodWords, around: Sequence[PeriodWords], kind: TableKind, fiscal: FiscalCalendar
) -> Period | None:
    """Return the period `words` name, completed by those `around` them, nearest first; None when they name no day."""
    month_day = words.month_day
    if month_day is None and not words.is_fiscal:
        month_day = next((found for other in around if (found := _month_day(other))), None)
    end = _end(words, month_day, around, fiscal)
    if end is None:
        return None
    if kind == "balances of a statement":
        return Period(None, end)
    said = next((other for other in (words, *around) if other.months or other.is_instant), PeriodWords())
    if said.months:
        return Period(fiscal.start_of(end, said.months), end)
    if kind == "flows of a statement":
        return Period(fiscal.start_of(end, 12), end)
    # A day names an instant and a year alone a year, unless the rows tell otherwise.
    says_day = said.is_instant or bool(words.dates or month_day)
    if kind == "balances" or (says_day and (said.is_instant or kind != "flows")):
        return Period(None, end)
    return Period(fiscal.start_of(end, 12), end)


def _end(
    words: PeriodWords, month_day: tuple[int, int] | None, around: Sequence[PeriodWords], fiscal: FiscalCalendar
) -> date | None:
    if words.dates:
        return words.dates[-1]
    if not words.years:
        return next((other.dates[0] for other in around if len(other.dates) == 1), None)
    year = words.years[-1]
    if month_day is None:
        return None if words.months in (3, 6, 9) else fiscal.end_of(year)
    return _on(year, month_day, fiscal)


def _month_day(words: PeriodWords) -> tuple[int, int] | None:
    """The month and day said, by themselves or in the one full date beside bare years."""
    if words.month_day:
        return words.month_day
    days = {(day.month, day.day) for day in words.dates}
    return next(iter(days)) if len(days) == 1 else None


def _on(year: int, month_day: tuple[int, int], fiscal: FiscalCalendar) -> date:
    month, day = month_day
    last = month_end(year, month)
    found = last if day >= last.day else date(year, month, day)
    # "February 28" over a year that ends on the 29th.
    return last if (month, day) == (2, 28) and fiscal.end_near(last) == last else found
