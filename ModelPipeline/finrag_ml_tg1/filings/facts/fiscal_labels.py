"""Which fiscal year and period a fact belongs to, by its own dates.

The label of a filing's own period is the filer's (`dei:DocumentFiscalYearFocus`); its other periods are labelled by
their distance from it. What a fact's filing was labelled never decides: a 10-K holds facts of several years.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from datetime import date, timedelta

from finrag_ml_tg1.filings.cover.reading import Cover
from finrag_ml_tg1.filings.facts.companyfacts import is_annual

__all__ = ["FiscalLabels"]

_DAYS_A_YEAR = 365.25
_DAYS_A_QUARTER = _DAYS_A_YEAR / 4
_DAY = timedelta(days=1)
# A 52/53-week year ends up to a week from the same day of the year before.
_MAX_DRIFT_DAYS = 10
_QUARTER_DAYS = range(80, 101)
_HALF_YEAR_DAYS = range(170, 195)
_NINE_MONTHS_DAYS = range(260, 287)
_QUARTERS = {"Q1": 1, "Q2": 2, "Q3": 3}


class FiscalLabels:
    """The fiscal years of one filer as one filing shows them; `durations` are (first, last) days of its facts.

    Years that end on another day than the filing's own are from before a change of the fiscal year's end; what lies
    between them and the first year that ends on the new day is a transition period (Exchange Act Rule 13a-10), which is
    no quarter.
    """

    def __init__(self, cover: Cover, durations: Iterable[tuple[date, date]] = ()) -> None:
        self._fiscal_year = cover.fiscal_year
        # A transition report's period (10-KT, 10-QT) is of no usual length, and the years before it end on another day.
        self._is_transition = cover.form.upper().startswith(("10-KT", "10-QT"))
        self._year_end = _end_of_fiscal_year(cover)
        distinct = frozenset(durations)
        self._earlier_ends = self._ends_before_a_change(distinct) if cover.form.startswith("10-K") else frozenset()
        self._ends = self._ends_of_periods(distinct) | {cover.period_end}

    def label(self, start: date | None, end: date) -> tuple[int, str]:
        """Return (fiscal year, fiscal period) of a duration, or of an instant when `start` is None.

        The period is "FY" for a whole year, "Q1" to "Q4" for a quarter, "H1" and "9M" for the year to date, and "" for
        anything else, a transition period included. An instant is "FY" or "Q1" to "Q3" where a period that the filing
        reports on ends, or where one begins the day after; "" on other days, however near.
        """
        year = self._fiscal_year + self._years_after(end)
        if self._is_transition or end in self._earlier_ends:
            return year, ""
        if start is not None:
            return year, self._duration(start, end)
        quarter = self._quarter_at(end) if end in self._ends else 0
        return year, "FY" if quarter == 4 else f"Q{quarter}" if quarter else ""

    def _duration(self, start: date, end: date) -> str:
        days = (end - start).days + 1
        quarter = self._quarter_at(end)
        if start - _DAY in self._earlier_ends:
            return ""
        if is_annual(start, end) and quarter == 4:
            return "FY"
        if days in _QUARTER_DAYS and quarter:
            return f"Q{quarter}"
        if days in _HALF_YEAR_DAYS and quarter == 2:
            return "H1"
        return "9M" if days in _NINE_MONTHS_DAYS and quarter == 3 else ""

    def _ends_before_a_change(self, durations: Collection[tuple[date, date]]) -> frozenset[date]:
        return frozenset(end for start, end in durations if is_annual(start, end) and self._quarter_at(end) != 4)

    def _ends_of_periods(self, durations: Collection[tuple[date, date]]) -> frozenset[date]:
        periods = [period for period in durations if self._duration(*period) or is_annual(*period)]
        return frozenset(end for _, end in periods) | {start - _DAY for start, _ in periods}

    def _quarter_at(self, day: date) -> int:
        """The quarter that ends on or near a day, 1 to 4; 0 when none does."""
        # In days, not dates: a tag may name any year, and the calendar ends with 9999.
        remaining = round(self._years_after(day) * _DAYS_A_YEAR) - (day - self._year_end).days
        quarters_left = round(remaining / _DAYS_A_QUARTER)
        is_end = abs(remaining - quarters_left * _DAYS_A_QUARTER) <= _MAX_DRIFT_DAYS and quarters_left < 4
        return 4 - quarters_left if is_end else 0

    def _years_after(self, day: date) -> int:
        """Fiscal years from the filing's own to the one that holds the day; a drifting year end stays in its year."""
        return math.ceil(((day - self._year_end).days - _MAX_DRIFT_DAYS) / _DAYS_A_YEAR)


def _end_of_fiscal_year(cover: Cover) -> date:
    """The end of the fiscal year that the cover's period lies in: an annual report's own end.

    A quarterly report's is reckoned from the quarter it calls itself; without one, from the day the year ends on.
    """
    if cover.form.startswith("10-K"):
        return cover.period_end
    by_day = _next_end(cover)
    quarter = _QUARTERS.get(cover.fiscal_period)
    if quarter is None:
        return by_day
    by_quarter = cover.period_end + timedelta(days=round((4 - quarter) * _DAYS_A_QUARTER))
    return by_day if abs((by_day - by_quarter).days) <= 2 * _MAX_DRIFT_DAYS else by_quarter


def _next_end(cover: Cover) -> date:
    month, day = (int(part) for part in cover.fiscal_year_end.split("-"))
    # The 29th of February is a year's end in any year.
    ends = [date(cover.period_end.year + later, month, min(day, 28)) + _DAY * max(0, day - 28) for later in (0, 1)]
    return next(end for end in ends if end >= cover.period_end - _DAY * _MAX_DRIFT_DAYS)
