"""What the words of a heading say about a period: dates, years, "Three Months Ended", "As of"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from finrag_ml_tg1.vocabulary.months import MONTH, month_number

__all__ = ["PeriodWords", "dates_in", "read_period_words"]

_MONTH = rf"(?P<month>{MONTH})\b\.?"
_DATE = re.compile(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:\s*,\s*|\s+)(?P<year>(?:19|20)\d\d)\b", re.IGNORECASE)
_MONTH_DAY = re.compile(rf"\b{_MONTH}\s+(?P<day>[0-3]?\d)\b(?!\d)", re.IGNORECASE)
_NUMERIC_DATE = re.compile(r"\b(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>(?:19|20)?\d\d)\b")
_YEAR = re.compile(
    r"(?<![\d.,$])(?:(?:fy|fiscal)\s*[’'‘]?)?\s*(?P<year>(?:19|20)\d\d)(?![\d%])(?!,\d)|\bfy\s?[’'‘]?(?P<short>\d\d)\b",
    re.I,
)
_LENGTHS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"\b(?:three|3)[- ]months?\b|\bquarter(?:s|ly)?\b|\b(?:13|14|thirteen|fourteen)[- ]weeks?\b", re.I), 3),
    (re.compile(r"\b(?:six|6)[- ]months?\b|\b(?:26|27|twenty-(?:six|seven))[- ]weeks?\b", re.I), 6),
    (re.compile(r"\b(?:nine|9)[- ]months?\b|\b(?:39|40|thirty-nine|forty)[- ]weeks?\b", re.I), 9),
    (re.compile(r"\b(?:twelve|12)[- ]months?\b|\b(?:52|53|fifty-(?:two|three))[- ]weeks?\b", re.I), 12),
    (re.compile(r"\b(?:fiscal\s+)?years?[- ](?:ended|ending)\b|\bfor the (?:fiscal )?years?\b|\bannual\b", re.I), 12),
)
_FISCAL = re.compile(r"\bfiscal\b|\bfy\s?[’'‘]?\d\d", re.IGNORECASE)
_INSTANT = re.compile(r"\b(?:as\s+(?:of|at)|at|balances?)\b", re.IGNORECASE)
_NO_PERIOD = re.compile(
    r"\bvs?\b\.?|\bversus\b|\bchanges?\b|\b(?:increase|decrease)s?\b|\bvariance\b|\bcompared\b|"
    r"(?:19|20)\d\d\s*(?:[-–—/]|to|over|through)\s*(?:19|20)?\d\d\b|\bthereafter\b|\bafter\b|\bbeyond\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PeriodWords:
    """What was said: full dates, the month and day without a year, bare years, the length in months (0: unsaid).

    `is_fiscal`: the year is a fiscal year's label. `is_comparison`: the column compares periods and has none itself.
    """

    dates: tuple[date, ...] = ()
    month_day: tuple[int, int] | None = None
    years: tuple[int, ...] = ()
    months: int = 0
    is_fiscal: bool = False
    is_instant: bool = False
    is_comparison: bool = False


def dates_in(text: str) -> list[date]:
    """Return the full dates in a text, in order; impossible ones left out."""
    found = [(match.start(), match["month"], match["day"], match["year"]) for match in _DATE.finditer(text)]
    found += [(match.start(), match["month"], match["day"], match["year"]) for match in _NUMERIC_DATE.finditer(text)]
    dates = (_date(month, int(day), int(year)) for _, month, day, year in sorted(found))
    return [day for day in dates if day is not None]


def read_period_words(texts: Sequence[str]) -> PeriodWords:
    """Return what the cells of a heading, joined top to bottom, say about its period."""
    text = " ".join(texts)
    if not text:
        return PeriodWords()
    dates = tuple(dates_in(text))
    rest = _NUMERIC_DATE.sub(" ", _DATE.sub(" ", text))
    month_day = None
    for match in _MONTH_DAY.finditer(rest):
        if _date(match["month"], int(match["day"]), 2024):
            month_day = (_month(match["month"]), int(match["day"]))
    rest = _MONTH_DAY.sub(" ", rest)
    years = tuple(int(match["year"] or f"20{match['short']}") for match in _YEAR.finditer(rest))
    return PeriodWords(
        dates=dates,
        month_day=month_day,
        years=years,
        months=next((months for pattern, months in _LENGTHS if pattern.search(text)), 0),
        is_fiscal=_FISCAL.search(text) is not None,
        is_instant=_INSTANT.search(text) is not None,
        is_comparison=_NO_PERIOD.search(text) is not None,
    )


def _month(word: str) -> int:
    return int(word) if word.isdigit() else month_number(word)


def _date(month: str, day: int, year: int) -> date | None:
    """The date; the 29th of February of a common year is its 28th."""
    number = _month(month)
    year = year if year > 99 else 2000 + year if year < 70 else 1900 + year
    try:
        return date(year, number, day)
    except ValueError:
        return date(year, 3, 1) - timedelta(days=1) if (number, day) == (2, 29) else None
