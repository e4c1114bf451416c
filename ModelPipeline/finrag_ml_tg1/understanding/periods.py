"""Which fiscal years a question names: single years, ranges, "FY23", "latest", "last three years"."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["Periods", "contradiction_in", "find_periods", "latest_years", "without_periods"]

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
    r"|\b(?:about|approximately|employ\w*|had|has|have|nearly|of|over|some|than|with)\s+\d{4}\s+"
    r"(?:shares|stores|employees|people|units)\b"
    r"|\b\d{4}\s+(?:(?:[mb]|tr)illion|thousand|dollars|basis points|percent)\b"
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
_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_NAMED_QUARTER = re.compile(
    r"\bq([1-4])(?:(?=\D|$)|(?=20\d\d\b))|\b([1-4])q(?=\d|\b)|"
    r"\b(first|second|third|fourth|1st|2nd|3rd|4th)[\s-]+quarters?\b",
    re.IGNORECASE,
)
_LONGER_PERIODS = (
    ("H1", re.compile(r"\bfirst half\b|\bh1\b|\bsix months\b|\b6 months\b", re.IGNORECASE)),
    ("9M", re.compile(r"\b(?:first )?(?:nine|9) months\b|\bfirst three quarters\b", re.IGNORECASE)),
)
_SOME_QUARTER = re.compile(r"\b(?:this|last|latest|recent|most recent)\s+quarter\b", re.IGNORECASE)
_EACH_QUARTER = re.compile(
    r"\bquarterly\b(?!\s+(?:dividends?|reports?|filings?))|"
    r"\b(?:each|every|by|per|all(?: four)?(?: the)?)\s+quarters?\b",
    re.IGNORECASE,
)
_WORDS_OF_TIME = re.compile(
    r"\b(?:(?:fiscal|calendar|full)\s+)?years?(?:\s+end(?:ed|ing)?)?\b|\bfy\b|\bquarter(?:ly|s)?\b|\bmonths?\s+end(?:ed|ing)\b|"
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\s+\d{1,2}\b",
    re.IGNORECASE,
)
_BOUND = re.compile(rf"\b(before|prior to|after|later than)\s+(?:{_MARK})?({_YEAR})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Periods:
    """The years named, ascending; without any, how many of the latest are meant (1 when nothing is said).

    `fiscal_period` is the part of the year: "FY", "Q1" to "Q4", "H1" and "9M" from its start, "Q" for the latest
    quarter, "quarters" for each of the year.
    `is_quarterly` tells whether a Form 10-Q holds it, `is_reversed` that a range is named from its end.
    """

    years: tuple[int, ...]
    latest: int
    is_quarterly: bool
    fiscal_period: str
    is_reversed: bool = False


def find_periods(question: str) -> Periods:
    """Return the fiscal years a question asks for; a range written backwards is read forwards."""
    text = _NO_YEAR.sub(" ", question)
    years: set[int] = set()
    is_reversed = False
    for match in _RANGE.finditer(text):
        first = _full_year(match["first"] or match["lower"])
        last = _full_year(match["last"] or match["upper"], first // 100)
        is_reversed |= last < first
        if abs(last - first) <= _MAX_RANGE_YEARS:
            years.update(range(min(first, last), max(first, last) + 1))
    rest = _RANGE.sub(" ", text)
    years.update(int(year) for first, last in _SPLIT_YEAR.findall(rest) for year in (first, first[:2] + last))
    years.update(_full_year(match.group()) for match in _SINGLE.finditer(rest))
    several = _LAST_YEARS.search(question)
    count = several[1].lower() if several else "1"
    latest = _NUMBER_WORDS.get(count) or int(count)
    return Periods(
        tuple(sorted(years)), latest, _QUARTER.search(question) is not None, _fiscal_period(question), is_reversed
    )


def without_periods(text: str) -> str:
    """Return a text with a comma where it names a period."""
    longer = (pattern for _, pattern in _LONGER_PERIODS)
    for pattern in (
        *longer,
        _LAST_YEARS,
        _RANGE,
        _SPLIT_YEAR,
        _SINGLE,
        _NAMED_QUARTER,
        _SOME_QUARTER,
        _EACH_QUARTER,
        _WORDS_OF_TIME,
    ):
        text = pattern.sub(" , ", text)
    return text


def contradiction_in(question: str) -> str | None:
    """Return in a sentence how the periods of a question exclude each other, None when they do not."""
    for match in _BOUND.finditer(question):
        bound = int(match[2])
        is_before = match[1].lower() in ("before", "prior to")
        others = find_periods(question[: match.start()] + " " + question[match.end() :]).years
        if others and (min(others) >= bound if is_before else max(others) <= bound):
            years = ", ".join(str(year) for year in others)
            return f"The periods contradict each other: {years} is not {match[1].lower()} {bound}."
    return None


def _fiscal_period(question: str) -> str:
    for name, pattern in _LONGER_PERIODS:
        if pattern.search(question):
            return name
    match = _NAMED_QUARTER.search(question)
    if match:
        return f"Q{match[1] or match[2] or _ORDINALS[match[3].lower()]}"
    if _SOME_QUARTER.search(question):
        return "Q"
    return "quarters" if _EACH_QUARTER.search(question) else "FY"


def latest_years(covered: Collection[int], count: int) -> tuple[int, ...]:
    """Return the last `count` covered years, ascending."""
    return tuple(sorted(covered)[-count:])


def _full_year(written: str, century: int = 20) -> int:
    """The year that the digits at the end of "FY23", "Q2 2023" or "2Q23" stand for."""
    four = re.search(rf"{_YEAR}$", written)
    return int(four.group()) if four else century * 100 + int(written[-2:])
