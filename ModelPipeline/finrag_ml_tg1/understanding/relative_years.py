"""Years told by where they stand before the latest one: "two years ago", "the year before last", "in which year"."""

from __future__ import annotations

import re

__all__ = ["asks_which_year", "latest_two", "without_relative_years", "years_ago"]

_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_AGO = re.compile(rf"\b({'|'.join(_COUNTS)}|[2-9]|10)\s+(?:fiscal\s+)?years?\s+(?:ago|back)\b", re.IGNORECASE)
_BEFORE_LAST = re.compile(
    r"\b(?:the\s+)?(?:fiscal\s+)?year\s+(?:before|prior\s+to)\s+(?:the\s+)?(?:last|latest)(?:\s+(?:one|year))?\b"
    r"|\blast\s+year\s+but\s+one\b",
    re.IGNORECASE,
)
_LATEST_TWO = re.compile(
    r"\b(?:last|this)\s+(?:fiscal\s+)?year(?:[’']s)?\s*(?:vs\.?|versus|and|against|to|compared\s+(?:to|with))\s+"
    r"(?:last|this)\s+(?:fiscal\s+)?year(?:[’']s)?\b",
    re.IGNORECASE,
)
_WHICH_YEAR = re.compile(
    r"\b(?:(?:which|what)\s+(?:fiscal\s+)?year|when)\b.*"
    r"\b(?:highest|largest|biggest|greatest|best|most|lowest|smallest|worst|least|fewest)\b",
    re.IGNORECASE,
)


def years_ago(text: str) -> int:
    """Return how many years before the latest one is meant, 0 where nothing says so."""
    if match := _AGO.search(text):
        return _COUNTS.get(match[1].lower()) or int(match[1])
    return 1 if _BEFORE_LAST.search(text) else 0


def latest_two(text: str) -> bool:
    """Return whether "last year" and "this year" are set beside one another: the two latest ones."""
    return _LATEST_TWO.search(text) is not None


def asks_which_year(text: str) -> bool:
    """Return whether the year itself is asked for, so that all years known are meant."""
    return _WHICH_YEAR.search(text) is not None


def without_relative_years(text: str) -> str:
    """Return a text with a comma where it names a year by its distance from the latest."""
    return _AGO.sub(" , ", _BEFORE_LAST.sub(" , ", _LATEST_TWO.sub(" , ", text)))
