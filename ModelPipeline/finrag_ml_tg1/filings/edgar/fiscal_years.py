"""Which fiscal years a filing may belong to, as far as one can say without opening it.

EDGAR lists the end of the period, not the filer's label for the year. A year is labelled by the calendar year it ends
in or, when it ends in January to June, maybe by the one before, in which at least half of it lies. A quarter belongs to
the fiscal year that ends next: as the filer's own annual reports show (a company may have moved its year end), else as
EDGAR's fiscal year end of the company says. Where neither can be, all three years around the quarter are possible.
The answer is a superset: the document's cover decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

__all__ = ["possible_fiscal_years"]

_LAST_MONTH_OF_EARLIER_LABEL = 6
# From the end of a first quarter to the end of its year: three quarters, and a fortnight for years of 52 or 53 weeks.
_QUARTER_TO_YEAR_END = timedelta(days=290)
_DRIFT = timedelta(days=10)


def possible_fiscal_years(
    period_end: date | None, filed: date, *, annual: bool, year_ends: Iterable[date], fiscal_year_end: str
) -> frozenset[int]:
    """Return the labels a report's fiscal year may carry.

    `year_ends` are the period ends of the company's annual reports, `fiscal_year_end` is EDGAR's MMDD or empty.
    """
    if period_end is None:  # a few old filings: reports are filed within months, late ones within two years
        return frozenset({filed.year + (not annual), filed.year, filed.year - 1, filed.year - 2})
    if annual:
        return _labels(period_end)
    following = [end for end in year_ends if period_end < end <= period_end + _QUARTER_TO_YEAR_END]
    year_end = min(following, default=None) or _next_anniversary(period_end, fiscal_year_end)
    if year_end is None or year_end > period_end + _QUARTER_TO_YEAR_END:
        return frozenset({period_end.year - 1, period_end.year, period_end.year + 1})
    return _labels(year_end)


def _labels(year_end: date) -> frozenset[int]:
    if year_end.month <= _LAST_MONTH_OF_EARLIER_LABEL:
        return frozenset({year_end.year - 1, year_end.year})
    return frozenset({year_end.year})


def _next_anniversary(day: date, month_day: str) -> date | None:
    """Return the first date with this MMDD after `day`, leaving out one so near that it is the period's own end."""
    for year in (day.year, day.year + 1, day.year + 2):
        try:
            end = date(year, int(month_day[:2]), min(int(month_day[2:4]), 28))  # the day hardly matters, 0229 does
        except ValueError:
            return None
        if end > day + _DRIFT:
            return end
    return None
