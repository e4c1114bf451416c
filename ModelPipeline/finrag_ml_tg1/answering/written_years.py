"""Years and dates as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from finrag_ml_tg1.answering.named_numbers import without_names
from finrag_ml_tg1.answering.number_units import SCALE

__all__ = ["WrittenYear", "read_years", "without_years"]

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?|JANUARY|FEBRUARY|MARCH|APRIL|MAY|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER)"
)
_CENTURY = r"(?:19|20)\d{2}"
_DATE = re.compile(
    rf"""\b(?P<month>{_MONTH})\.?\s\s?\d{{1,2}}(?!\d|,\d|\.\d|\s?%|\s?(?i:percent|pct|{SCALE})\b)(?:\s?,?\s?(?P<after>{_CENTURY})\b)?
    | \b\d{{1,2}}\s(?P<late>{_MONTH})\b\.?,?(?:\s(?P<last>{_CENTURY})\b)?
    | \b(?P<first>{_CENTURY})-\d{{2}}-\d{{2}}\b | \b\d{{1,2}}/\d{{1,2}}/(?P<slashed>(?:{_CENTURY}|\d\d))\b""",
    re.VERBOSE,
)
_YEAR = re.compile(
    rf"""(?<![\w.,$€£¥#/])(?:FY\s?|fiscal\s)?(?P<year>{_CENTURY})(?:\s?[-–/]\s?(?P<until>{_CENTURY}|\d\d)(?!\d))?
    (?!\w|%|[.,]\d|\s?(?:%|percent|pct|{SCALE}|shares|employees|stores|basis|times|days)\b)
    | (?<!\w)(?:FY\s?['’]?|fiscal\s(?:year\s)?['’])(?P<short>\d\d)(?![\w%]|[.,]\d)""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class WrittenYear:
    """A year at [start, end); `label` is the fiscal year too that a date in January or February may end.

    `is_date`: with its day. `is_loose`: said as a beginning, an end or a due date, "since 2019".
    """

    start: int
    end: int
    year: int
    label: int
    is_loose: bool = False
    is_date: bool = False


def read_years(text: str) -> list[WrittenYear]:
    """Return the years of a text, those of dates too, in order; of a range every end."""
    return sorted(_years(without_names(text)), key=lambda year: year.start)


def _years(text: str) -> Iterator[WrittenYear]:
    for date in _DATE.finditer(text):
        written = date["after"] or date["last"] or date["first"] or date["slashed"]
        if written:
            year = int(written) if len(written) == 4 else 2000 + int(written)
            month = (date["month"] or date["late"] or "").lower()
            yield WrittenYear(date.start(), date.end(), year, year - month.startswith(("jan", "feb")), is_date=True)
    for match in _YEAR.finditer(_DATE.sub(lambda date: " " * len(date[0]), text)):
        year = int(match["year"] or f"20{match['short']}")
        before = text[max(0, match.start() - 20) : match.start()]
        is_loose = bool(
            re.search(r"\b(?:since|by|due|until|through|before|after|from|between|than|over|to)\s(?:\w+\s)?$", before)
        )
        yield WrittenYear(match.start(), match.end(), year, year, is_loose)
        if match["until"]:
            until = int(match["until"]) if len(match["until"]) == 4 else year // 100 * 100 + int(match["until"])
            yield WrittenYear(match.start("until"), match.end("until"), until, until, is_loose)


def without_years(text: str) -> str:
    """Return the text, equally long, with spaces for its dates and years."""
    return _YEAR.sub(lambda match: " " * len(match[0]), _DATE.sub(lambda match: " " * len(match[0]), text))
