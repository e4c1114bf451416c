"""When fiscal years begin and end: calendar month ends, and the 52/53-week year of retailers.

The label of a 52/53-week year is the calendar year in which it begins.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

__all__ = ["FiscalCalendar", "FiscalYear", "find_saturday_nearest"]

CalendarKind = Literal["december", "june", "saturday nearest january 31"]

CYBERSECURITY_RULE_START = date(2023, 12, 15)  # Regulation S-K Item 106: years ending on or after this day

_LABELLED_BY_END = {"december": (12, 31), "june": (6, 30)}


def find_saturday_nearest(day: date) -> date:
    """Return the Saturday at most three days from `day`."""
    after = (calendar.SATURDAY - day.weekday()) % 7
    return day + timedelta(days=after if after <= 3 else after - 7)


@dataclass(frozen=True)
class FiscalYear:
    """One fiscal year; `start` and `end` are both inside it."""

    label: int
    start: date
    end: date

    @property
    def days(self) -> int:
        """Return the number of days, both ends counted."""
        return (self.end - self.start).days + 1

    @property
    def weeks(self) -> int:
        """Return the number of whole weeks: 52, or 53 in the long year of a 52/53-week filer."""
        return self.days // 7

    @property
    def reports_cybersecurity(self) -> bool:
        """Return whether the report for this year has an Item 1C."""
        return self.end >= CYBERSECURITY_RULE_START


@dataclass(frozen=True)
class FiscalCalendar:
    """The rule by which a company's fiscal years end."""

    kind: CalendarKind

    def find_year(self, label: int) -> FiscalYear:
        """Return the fiscal year with this label; it starts the day after the one before ends."""
        return FiscalYear(label, self._find_end(label - 1) + timedelta(days=1), self._find_end(label))

    def _find_end(self, label: int) -> date:
        if self.kind == "saturday nearest january 31":
            return find_saturday_nearest(date(label + 1, 1, 31))
        month, day = _LABELLED_BY_END[self.kind]
        return date(label, month, day)
