"""On which days a filer's fiscal years end, earlier ones too: as the document prints them, else reckoned.

A filer with years of 52 or 53 weeks prints "Fiscal 2022" over a column and its last day elsewhere. The day printed in
the document is taken where there is one; only a year whose end is printed nowhere is reckoned.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from datetime import date, timedelta

from finrag_ml_tg1.filings.cover.reading import Cover
from finrag_ml_tg1.filings.tabular.period_words import dates_in
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument

__all__ = ["FiscalCalendar", "month_end", "read_fiscal_calendar"]

_ENDED = re.compile(
    r"\b(?:ended|ending|as of|at)\s+"
    r"((?:(?:[A-Z][a-z]{2,8}\.?\s+\d{1,2}\s*,\s*\d{4})(?:\s*[,;]?\s*(?:and|through)?\s*)?)+)"
)
_MAX_TITLE_CHARS = 200
_HEADER_ROWS = 4
# An end printed within so many days of the anniversary is that year's end: 53 weeks move it by up to a week.
_NEAR_DAYS = 8
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


def month_end(year: int, month: int) -> date:
    """Return the last day of a month."""
    return date(year, month, calendar.monthrange(year, month)[1])


class FiscalCalendar:
    """Ends of fiscal years by the filer's label. `printed` counts the dates a document names as ends of periods."""

    def __init__(self, label: int, year_end: date, printed: Counter[date]) -> None:
        self._label = label
        self._year_end = year_end
        self._printed = printed
        self._ends: dict[int, date] = {label: year_end}
        self._is_month_end = all(
            near == month_end(near.year, near.month)
            for near in (year_end, self._printed_near(year_end, -1), self._printed_near(year_end, -2))
            if near is not None
        )

    @property
    def label(self) -> int:
        """The label of the year the calendar was set by."""
        return self._label

    def end_of(self, label: int) -> date:
        """Return the last day of the fiscal year of this label."""
        if label not in self._ends:
            self._ends[label] = self._end_of(label)
        return self._ends[label]

    def end_near(self, day: date) -> date | None:
        """Return the fiscal year's end on or within a week of a day; None when no fiscal year ends there."""
        label = self._label + round((day - self._year_end).days / 365.25)
        end = self.end_of(label)
        return end if abs((end - day).days) <= _NEAR_DAYS else None

    def is_first_day(self, day: date) -> bool:
        """Return whether a fiscal year begins on a day."""
        return self.end_near(day - _DAY) == day - _DAY and self.end_near(day) != day

    def year_before(self, end: date) -> date:
        """Return the last day of the year before a year that ends on `end`, be it a fiscal year or not."""
        label = self._label + round((end - self._year_end).days / 365.25)
        if self.end_of(label) == end:
            return self.end_of(label - 1)
        return _anniversary(end, -1)

    def start_of(self, end: date, months: int) -> date:
        """Return the first day of a period of so many months that ends on `end`.

        The year's first day where the period is the year to date; calendar months where `end` is the last of one;
        else weeks of seven days, thirteen to a quarter.
        """
        if months % 12 == 0:
            return self.year_before(end) + _DAY
        reckoned = end - 13 * _WEEK * (months // 3) + _DAY
        if end == month_end(end.year, end.month) and self._is_month_end:
            before = end.year * 12 + end.month - 1 - months
            return month_end(before // 12, before % 12 + 1) + _DAY
        for label in (self._label - 2, self._label - 1, self._label):
            start = self.end_of(label) + _DAY
            if abs((start - reckoned).days) <= _NEAR_DAYS:
                return start
        return reckoned

    def _end_of(self, label: int) -> date:
        if self._is_month_end:
            return month_end(self._year_end.year + label - self._label, self._year_end.month)
        return self._printed_near(self._year_end, label - self._label) or self._by_weeks(label)

    def _printed_near(self, day: date, years: int) -> date | None:
        """The date named most often near an anniversary; one on the weekday the year ends on before any other."""
        middle = _anniversary(day, years)
        near = [middle + _DAY * distance for distance in range(-_NEAR_DAYS, _NEAR_DAYS + 1)]
        found = [other for other in near if self._printed[other]]
        alike = [other for other in found if other.weekday() == day.weekday()]
        if day == month_end(day.year, day.month):
            # A calendar year's documents also name its first day; they name its last more often.
            found = alike = [*alike, middle]
        return max(alike or found, key=lambda other: (self._printed[other], other == middle), default=None)

    def _by_weeks(self, label: int) -> date:
        """A year of 52 or 53 weeks: the same weekday, the last in its month or the one nearest to the month's end."""
        middle = _anniversary(self._year_end, label - self._label)
        candidates = [middle + _DAY * distance for distance in range(-9, 10)]
        candidates = [day for day in candidates if day.weekday() == self._year_end.weekday()]
        known = list(self._ends.values())
        if all((end + _WEEK).month != end.month for end in known):
            month = self._year_end.month
            last = [day for day in candidates if day.month == month and (day + _WEEK).month != month]
            if last:
                return last[0]
        return min(candidates, key=_days_from_month_end)


def read_fiscal_calendar(document: CanonicalDocument, cover: Cover) -> FiscalCalendar:
    """Return the filer's calendar, set by the cover and filled with the period ends the document prints."""
    printed: Counter[date] = Counter()
    for block in document.blocks:
        if block.table:
            rows = block.table.rows[:_HEADER_ROWS]
            start, end = block.char_start, block.char_start + (rows[-1].char_end if rows else 0)
            printed.update(dates_in(document.text[start:end]))
        elif block.kind == "heading" and block.char_end - block.char_start <= _MAX_TITLE_CHARS:
            printed.update(dates_in(document.text_of(block)))
    for match in _ENDED.finditer(document.text):
        printed.update(dates_in(match.group(1)))
    if cover.form.startswith("10-K"):
        return FiscalCalendar(cover.fiscal_year, cover.period_end, printed)
    month, day = (int(part) for part in cover.fiscal_year_end.split("-"))
    year_end = _day_of(cover.period_end.year, month, day)
    if year_end < cover.period_end:
        year_end = _day_of(cover.period_end.year + 1, month, day)
    return FiscalCalendar(cover.fiscal_year, year_end, printed)


def _anniversary(day: date, years: int) -> date:
    if day == month_end(day.year, day.month):
        return month_end(day.year + years, day.month)
    return _day_of(day.year + years, day.month, day.day)


def _day_of(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _days_from_month_end(day: date) -> int:
    before = day.replace(day=1) - _DAY
    return min((month_end(day.year, day.month) - day).days, (day - before).days)
