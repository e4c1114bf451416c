"""Which fiscal years a question names: single years, ranges, "FY23", "latest", "last three years"."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["Periods", "find_periods", "latest_years"]

_YEAR = r"(?:19[89]\d|20[0-4]\d)"
_RANGE = re.compile(
    rf"\b(?:fy\s?|fiscal (?:years? )?)?({_YEAR}|(?<=fy)\d\d|(?<=fy )\d\d)\s*(?:-|–|—|to|through|until)\s*"
    rf"(?:fy\s?|fiscal (?:year )?)?({_YEAR}|\d\d)\b|\bbetween\s+(?:fy\s?)?({_YEAR})\s+and\s+(?:fy\s?)?({_YEAR})\b",
    re.IGNORECASE,
)
_SINGLE = re.compile(rf"\b(?:fy\s?[’']?(\d\d)\b(?!\d)|(?:q[1-4]\s?)?(?:fy\s?)?({_YEAR})\b)", re.IGNORECASE)
_LAST_YEARS = re.compile(
    r"\b(?:last|past|latest|recent)\s+(two|three|four|five|ten|[2-9]|10)\s+(?:fiscal\s+)?years\b", re.I
)
_NUMBER_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}
_QUARTER = re.compile(r"\bq[1-4]\b|\bquarter(?:ly)?\b|\b10-?q\b", re.IGNORECASE)
_MAX_RANGE_YEARS = 40


@dataclass(frozen=True, slots=True)
class Periods:
    """The years named, ascending; without any, how many of the latest are meant (1 when nothing is said)."""

    years: tuple[int, ...]
    latest: int
    is_quarterly: bool


def find_periods(question: str) -> Periods:
    """Return the fiscal years a question asks for."""
    years: set[int] = set()
    rest = question
    for match in _RANGE.finditer(question):
        first, last = _full_year(match[1] or match[3]), _full_year(match[2] or match[4])
        if 0 <= last - first <= _MAX_RANGE_YEARS:
            years.update(range(first, last + 1))
            rest = rest.replace(match.group(), " ")
    years.update(_full_year(match[1] or match[2]) for match in _SINGLE.finditer(rest))
    several = _LAST_YEARS.search(question)
    latest = 1
    if several:
        words = several[1].lower()
        latest = _NUMBER_WORDS.get(words) or int(words)
    return Periods(tuple(sorted(years)), latest, _QUARTER.search(question) is not None)


def latest_years(covered: Collection[int], count: int) -> tuple[int, ...]:
    """Return the last `count` covered years, ascending."""
    return tuple(sorted(covered)[-count:])


def _full_year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)
