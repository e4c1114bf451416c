"""Which fiscal years a question names: single years, ranges, "FY23", "latest", "last three years"."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["Periods", "find_periods", "latest_years"]

_YEAR = r"(?:19[89]\d|20[0-4]\d)"
_MARK = r"(?:fy\s?|fiscal\s+(?:years?\s+)?)"
_MARKED_YEAR = rf"{_MARK}[’']?(?:{_YEAR}|\d\d)\b"
_RANGE = re.compile(
    rf"(?P<first>{_MARKED_YEAR}|\b{_YEAR})\s*(?:-|–|—|\bto\b|\bthrough\b|\buntil\b)\s*"
    rf"(?P<last>{_MARKED_YEAR}|[’']?(?:{_YEAR}|\d\d)\b)"
    rf"|\bbetween\s+(?P<lower>{_MARKED_YEAR}|{_YEAR})\s+and\s+(?P<upper>{_MARKED_YEAR}|[’']?(?:{_YEAR}|\d\d)\b)",
    re.IGNORECASE,
)
_SPLIT_YEAR = re.compile(rf"\b({_YEAR})/(\d\d)\b")
_SINGLE = re.compile(
    rf"\b(?:{_MARKED_YEAR}|[1-4]q\s?[’']?(?:{_YEAR}|\d\d)\b|q[1-4]\s?(?:[’']|{_MARK})?(?:{_YEAR}|\d\d)\b|{_YEAR}\b)",
    re.IGNORECASE,
)
# Numbers that look like years: amounts, counts, due dates, standards, telephone numbers.
_NO_YEAR = re.compile(
    rf"[$€£¥]\s?[\d,.]+|\b\d{{1,3}}-\d{{3}}-\d{{4}}\b|\b{_YEAR}\s+(?:(?:senior|convertible)\s+)*notes\b"
    rf"|\b(?:asc|asu|topic|section|rule|regulation|no\.|due|maturing|model)\s+(?:in\s+)?\d{{2,4}}(?:-\d+)?\b"
    r"|\b\d{4}\s+(?:shares?|stores?|employees|people|units?|(?:[mb]|tr)illion|thousand|dollars|basis points|percent)\b"
    r"|\b\d{4}\s?%",
    re.IGNORECASE,
)
_LAST_YEARS = re.compile(
    r"\b(?:last|past|latest|recent|previous)\s+(two|three|four|five|six|seven|eight|nine|ten|[2-9]|10)\s+"
    r"(?:fiscal\s+)?years\b",
    re.IGNORECASE,
)
_NUMBER_WORDS = dict(zip("two three four five six seven eight nine ten".split(), range(2, 11), strict=True))
# No Form 10-Q is filed for a fourth quarter, and a "quarterly dividend" asks for no quarter.
_QUARTER = re.compile(
    r"\bq[1-3](?!\d\b|[a-z])|\b[1-3]q|\b(?:first|second|third|[123](?:st|nd|rd)|this|last|latest|recent)\s+quarters?\b"
    r"|\bquarterly\s+(?:reports?|filings?|results)\b|\b10-?q\b",
    re.IGNORECASE,
)
_MAX_RANGE_YEARS = 40


@dataclass(frozen=True, slots=True)
class Periods:
    """The years named, ascending; without any, how many of the latest are meant (1 when nothing is said)."""

    years: tuple[int, ...]
    latest: int
    is_quarterly: bool


def find_periods(question: str) -> Periods:
    """Return the fiscal years a question asks for; a range written backwards is read forwards."""
    text = _NO_YEAR.sub(" ", question)
    years: set[int] = set()
    for match in _RANGE.finditer(text):
        first = _full_year(match["first"] or match["lower"])
        last = _full_year(match["last"] or match["upper"], first // 100)
        if abs(last - first) <= _MAX_RANGE_YEARS:
            years.update(range(min(first, last), max(first, last) + 1))
    rest = _RANGE.sub(" ", text)
    years.update(int(year) for first, last in _SPLIT_YEAR.findall(rest) for year in (first, first[:2] + last))
    years.update(_full_year(match.group()) for match in _SINGLE.finditer(rest))
    several = _LAST_YEARS.search(question)
    count = several[1].lower() if several else "1"
    latest = _NUMBER_WORDS.get(count) or int(count)
    return Periods(tuple(sorted(years)), latest, _QUARTER.search(question) is not None)


def latest_years(covered: Collection[int], count: int) -> tuple[int, ...]:
    """Return the last `count` covered years, ascending."""
    return tuple(sorted(covered)[-count:])


def _full_year(written: str, century: int = 20) -> int:
    """The year that the digits at the end of "FY23", "Q2 2023" or "2Q23" stand for."""
    four = re.search(rf"{_YEAR}$", written)
    return int(four.group()) if four else century * 100 + int(written[-2:])
