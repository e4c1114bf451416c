"""Periods named by their last day, as filings name them, to the fiscal periods of a company: its calendar decides."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from finrag_ml_tg1.vocabulary.months import MONTH, month_number

__all__ = ["DatedQuestion", "name_fiscal_periods"]

_DATE = (
    rf"(?:(?P<month>{MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(?P<year>(?:19|20)\d\d)"
    rf"|(?P<iso>(?:19|20)\d\d-\d\d-\d\d)"
    rf"|(?P<day_first>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<then_month>{MONTH})\.?,?\s+(?P<then_year>(?:19|20)\d\d)"
    rf"|(?P<us_month>\d{{1,2}})/(?P<us_day>\d{{1,2}})/(?P<us_year>(?:19|20)\d\d))\b"
)
# Where a period is said to end, its month is enough.
_MONTH = rf"(?P<only_month>{MONTH})\.?,?\s+(?P<only_year>(?:19|20)\d\d)\b"
_LENGTHS = {"quarter": 1, "three": 1, "3": 1, "six": 2, "6": 2, "nine": 3, "9": 3, "year": 4, "twelve": 4, "12": 4}
_PERIOD = re.compile(
    rf"\b(?:(?:fiscal|full|calendar)\s+)?(?P<length>year|quarter|(?:three|six|nine|twelve|3|6|9|12)[\s-]months?|period)\s+"
    rf"(?:that\s+|which\s+)?(?:end(?:ed|ing|s)?|closed)\s+(?:on\s+)?(?:the\s+)?(?:{_DATE}|{_MONTH})"
    rf"|\b(?:year[\s-]to[\s-]date|ytd)\s+(?:period\s+)?(?:(?:end(?:ed|ing)|through|to|as\s+of|at|until|of|in)\s+)?"
    rf"(?P<to_date>{_DATE.replace('?P<', '?P<to_')}|{_MONTH.replace('?P<', '?P<to_')})"
    rf"|\b(?:(?P<at>as of|as at|at|on|ended|ending)\s+(?:the\s+)?)?{_DATE.replace('?P<', '?P<at_')}",
    re.IGNORECASE,
)
_SAYS_END = ("as of", "as at", "ended", "ending")
_QUARTER_DAYS = 365.2425 / 4
# Years of 52 or 53 weeks end some days before or after the same day of another year.
_TOLERANCE_DAYS = 12
_QUARTERS_A_YEAR = 4
_FROM_START = {2: "six months", 3: "nine months"}


@dataclass(frozen=True, slots=True)
class DatedQuestion:
    """A question with fiscal periods in place of dates; `problem` names a day at which no fiscal period ends."""

    text: str
    problem: str | None


def name_fiscal_periods(text: str, year_ends: Sequence[tuple[int, date]]) -> DatedQuestion:
    """Return a question in terms of fiscal periods; `year_ends` are a company's fiscal years with their last days.

    A day that ends no fiscal year or quarter is left as it is; where a period is said to end then, it is a problem.
    """
    problems: list[str] = []

    def replaced(match: re.Match[str]) -> str:
        day = _day(match)
        if day is None or not year_ends:
            return match.group()
        words = _fiscal_words(match, *_position(day, year_ends))
        if words is None and (match["length"] or (match["at"] or "").lower() in _SAYS_END):
            last = max(end for _, end in year_ends)
            problems.append(
                f"no such fiscal period ends on {day.isoformat()}: a fiscal year ended on {last.isoformat()}."
            )
        return words or match.group()

    replacement = _PERIOD.sub(replaced, text)
    return DatedQuestion(replacement, problems[0] if problems else None)


def _day(match: re.Match[str]) -> date | None:
    prefix = "" if match["length"] else "to_" if match["to_date"] else "at_"

    def part(name: str) -> str | None:
        return match.groupdict().get(prefix + name)

    iso = part("iso")
    try:
        if iso:
            return date.fromisoformat(iso)
        if part("us_month"):
            return date(int(part("us_year") or 0), int(part("us_month") or 0), int(part("us_day") or 0))
        if part("only_month"):
            year, month = int(part("only_year") or 0), month_number(part("only_month") or "")
            return date(year, month, monthrange(year, month)[1])
        month = month_number(part("month") or part("then_month") or "")
        return date(int(part("year") or part("then_year") or 0), month, int(part("day") or part("day_first") or 0))
    except ValueError:
        return None


def _position(day: date, year_ends: Sequence[tuple[int, date]]) -> tuple[int, int | None]:
    """The fiscal year a day is in and which quarter of it the day ends (None: it ends none)."""
    fiscal_year, end = min(year_ends, key=lambda known: abs((known[1] - day).days))
    quarters = round((day - end).days / _QUARTER_DAYS)
    years, quarter = divmod(quarters + _QUARTERS_A_YEAR - 1, _QUARTERS_A_YEAR)
    is_end = abs(day - end - timedelta(days=quarters * _QUARTER_DAYS)) <= timedelta(days=_TOLERANCE_DAYS)
    return fiscal_year + years, quarter + 1 if is_end else None


def _fiscal_words(match: re.Match[str], fiscal_year: int, quarter: int | None) -> str | None:
    if quarter is None:
        return None
    length = quarter if match["to_date"] else _LENGTHS.get(re.split(r"[\s-]", (match["length"] or "").lower())[0])
    preposition = "in " if match["at"] else ""
    is_whole = quarter == _QUARTERS_A_YEAR
    if length in (None, _QUARTERS_A_YEAR):
        if length is None and not is_whole:
            return f"{preposition}Q{quarter} of fiscal {fiscal_year}"
        return f"{preposition}fiscal {fiscal_year}" if is_whole else None
    if length == 1:
        return f"Q{quarter} of fiscal {fiscal_year}"
    return f"{_FROM_START[length]} of fiscal {fiscal_year}" if length == quarter else None
