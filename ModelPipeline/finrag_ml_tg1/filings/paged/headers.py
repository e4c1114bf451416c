"""The lines over a table's numbers that say which period each column is of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from finrag_ml_tg1.filings.paged.lines import PageLine
from finrag_ml_tg1.filings.tabular.period_words import read_period_words

__all__ = ["column_headings", "heads_columns"]

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_PERIOD = re.compile(
    rf"(?:(?:at|as of|on)\s+)?{_MONTH}\s+\d{{1,2}}\s?,?\s*(?:19|20)\d\d|"
    r"(?:(?:fiscal(?: year)?|fy)\s?)?(?:19|20)\d\d",
    re.IGNORECASE,
)
_DAY = re.compile(rf"{_MONTH}\s+\d{{1,2}}\s?,?(?!\s*(?:19|20)\d\d)", re.IGNORECASE)
# What is said of a period's length under its date.
_LENGTH = re.compile(r"\(?(?:\d\d|fifty-(?:two|three))[- ]weeks?\)?", re.IGNORECASE)
_DAYS_ALONE = re.compile(rf"(?:{_DAY.pattern}\s*)+", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LINES_A_PERIOD = 3
_MAX_CHARS = 160


def heads_columns(line: PageLine) -> bool:
    """Return whether a line that ends in numbers names periods, and none of the numbers counts anything."""
    return _names_period(line.text) and all(_YEAR.fullmatch(number) for number in line.numbers)


def column_headings(lines: Sequence[str], columns: int) -> tuple[int, int, tuple[str, ...]] | None:
    """Return (first line, line after the last, the words over each column): None when no lines name so many periods.

    The first of them is what stands over the labels. A heading may be broken over several lines; those nearest to the
    numbers count.
    """
    for end in range(len(lines), 0, -1):
        for start in range(end - 1, max(-1, end - _LINES_A_PERIOD * columns - 1), -1):
            text = _LENGTH.sub("", " ".join(lines[start:end]))
            periods = list(_PERIOD.finditer(text))
            if len(periods) > columns or not _may_head(text, periods):
                break
            if len(periods) == columns:
                first = _first_of_days(lines, start)
                return first, end, _headings(_LENGTH.sub("", " ".join(lines[first:end])))
    return None


def _first_of_days(lines: Sequence[str], start: int) -> int:
    """The first of the lines directly above that hold nothing but days without a year."""
    while start and _DAYS_ALONE.fullmatch(lines[start - 1]):
        start -= 1
    return start


def _headings(text: str) -> tuple[str, ...]:
    """What stands over the labels, then the periods; days over years, one each, belong to them.

    "January 29, January 30," over "2022 2021" are two days, not four periods.
    """
    periods = list(_PERIOD.finditer(text))
    stub = text[: periods[0].start()].strip()
    days = list(_DAY.finditer(stub))
    if len(days) != len(periods) or len(days) < 2:
        return stub, *(period.group() for period in periods)
    return _DAY.sub("", stub).strip(), *(
        f"{day.group().rstrip(' ,')}, {period.group()}" for day, period in zip(days, periods, strict=True)
    )


def _names_period(text: str) -> bool:
    words = read_period_words([text])
    return len(text) <= _MAX_CHARS and bool(words.dates or words.years or words.months or words.month_day)


def _may_head(text: str, periods: Sequence[re.Match[str]]) -> bool:
    """Whether nothing but spaces stands between the periods and after them; a line without any is the first half."""
    if not periods:
        return _names_period(text)
    between = [
        text[before.end() : after.start()]
        for before, after in zip(periods, (*periods[1:], None), strict=True)
        if after is not None
    ]
    rest = text[periods[-1].end() :]
    return all(not part.strip(" ,|") for part in between) and (not rest.strip() or _names_period(rest))
