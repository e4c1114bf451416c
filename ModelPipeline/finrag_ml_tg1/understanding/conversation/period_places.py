"""Where a text names a period, and periods told from another one: "the year before", "the prior quarter"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from finrag_ml_tg1.understanding.periods import NO_YEAR, Periods
from finrag_ml_tg1.understanding.written_years import MARKED_YEAR, YEAR
from finrag_ml_tg1.vocabulary.months import MONTH

__all__ = ["PeriodShift", "find_shift", "in_words", "period_places"]

_ONE_YEAR = rf"(?:{MARKED_YEAR}|[’']\d\d\b|\b{YEAR}\b)"
_JOINT = r"\s*(?:,\s*(?:and|or)?|\band\b|\bor\b|&|-|–|—|\bto\b|\bthrough\b|\buntil\b|\bvs\.?|\bversus\b)\s*(?:in\s+)?"
_YEARS = rf"(?:{_ONE_YEAR}(?:{_JOINT}(?:{_ONE_YEAR}|\d\d\b(?!\s*[%\w])))*)"
_DAY = rf"(?:{MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+{YEAR}\b|{MONTH}\.?,?\s+{YEAR}\b|\b{YEAR}-\d\d-\d\d\b)"
_PART = (
    r"(?:\bq[1-4]\b|\b[1-4]q\b|\bh[12]\b|\b[12]h\b"
    r"|\b(?:first|second|third|fourth|1st|2nd|3rd|4th)(?:\s+fiscal)?[\s-]+(?:quarter|half)\b"
    r"|\b(?:first\s+)?(?:six|nine|6|9)[\s-]months\b|\b(?:latest|most\s+recent)\s+quarter\b)"
)
_PART_WITH_YEAR = (
    rf"(?:\bq[1-4]\s?[’']?(?:{YEAR}|\d\d)\b|\b[1-4]q\s?[’']?(?:{YEAR}|\d\d)\b"
    rf"|{_PART}(?:\s*,?\s*(?:of\s+|in\s+)?(?:the\s+)?(?:year\s+)?{_YEARS})?)"
)
_COUNT = r"(?:two|three|four|five|six|seven|eight|nine|ten|[2-9]|10)"
_LAST_YEARS = rf"\b(?:last|past|latest|(?:most\s+)?recent|previous)\s+{_COUNT}\s+(?:fiscal\s+)?years\b"
_LATEST = r"\b(?:(?:latest|most\s+recent|current|last|this)\s+(?:fiscal\s+)?year|year\s+before\s+the\s+latest)\b"
_BEFORE = (
    r"(?:\b(?:compared\s+(?:to|with)|versus|vs\.?|relative\s+to|between|from|ever\s+since|since|as\s+of|at|by|over|in|for|"
    r"during|of|on|than|starting\s+(?:in|with)|until|through)\s+)"
)
_LEAD = (
    r"(?:(?:the\s+)?(?:end|start|beginning|course)\s+of\s+)?(?:the\s+|its\s+)?"
    r"(?:(?:(?:fiscal|full|calendar)\s+)?(?:years?|quarter|period|(?:three|six|nine|twelve|3|6|9|12)[\s-]months)"
    r"(?:\s+end(?:ed|ing)(?:\s+on)?)?\s+)?(?:fiscal\s+|calendar\s+)?"
)
_PLACE = re.compile(
    rf"{_BEFORE}?{_LEAD}(?:{_DAY}|{_PART_WITH_YEAR}|{_YEARS}|{_LAST_YEARS}|{_LATEST})(?:\s+on(?:wards?)?\b)?",
    re.IGNORECASE,
)
_LINK = r"(?:(?:in|for|of|over|from|to|with|than|on|at)\s+)?(?:(?:the|a|one|that|its)\s+)?"
_SAME = r"(?:(?:the\s+)?(?:same|corresponding)\s+(?:quarter|period|half)\s+(?:of\s+|in\s+|a\s+|one\s+)?(?:the\s+)?)"
_NUMBERS = dict(zip("two three four five".split(), range(2, 6), strict=True))
_YEARS_AWAY = re.compile(
    rf"{_LINK}\b(?P<count>two|three|four|five|[2-5])\s+years\s+(?P<way>earlier|before|prior|later|after)(?:\s+that)?\b",
    re.IGNORECASE,
)
_YEAR_BEFORE = re.compile(
    rf"(?:{_LINK}{_SAME}(?:(?:last|prior|previous|preceding)\s+(?:fiscal\s+)?year|year\s+(?:before|earlier|ago|prior))"
    rf"|{_LINK}\b(?:prior|previous|preceding)[\s-](?:fiscal\s+)?year(?:'s)?\b(?!\s+before)"
    rf"|{_LINK}\byear\s+(?:before|earlier|prior)\b(?!\s+(?:the\s+)?(?:last|latest)\b)(?:\s+(?:that|it))?)",
    re.IGNORECASE,
)
_YEAR_AFTER = re.compile(
    rf"{_LINK}\b(?:(?:next|following|subsequent)\s+(?:fiscal\s+)?year|year\s+(?:later|after(?:wards?)?)(?:\s+that)?)\b",
    re.IGNORECASE,
)
_QUARTER_BEFORE = re.compile(
    rf"{_LINK}\b(?:(?:prior|previous|preceding)\s+quarter|quarter\s+(?:before|earlier|prior)(?:\s+(?:that|it))?)\b",
    re.IGNORECASE,
)
_QUARTER_AFTER = re.compile(
    rf"{_LINK}\b(?:(?:next|following|subsequent)\s+quarter|quarter\s+(?:later|after)(?:\s+that)?)\b", re.IGNORECASE
)
_YEARS_BEFORE = re.compile(
    rf"{_LINK}\b(?:prior|previous|preceding)\s+(?P<count>two|three|four|five|[2-5])\s+(?:fiscal\s+)?years\b",
    re.IGNORECASE,
)
_WHOLE_YEAR = re.compile(
    rf"{_LINK}\b(?:full|whole|entire)[\s-](?:fiscal\s+)?year\b(?!\s*(?:fy\s*)?\d)(?:\s+as\s+a\s+whole)?", re.IGNORECASE
)
_SHIFTS = (
    ("run", _YEARS_BEFORE, -1),
    ("years", _YEARS_AWAY, 0),
    ("year", _YEAR_BEFORE, -1),
    ("year", _YEAR_AFTER, 1),
    ("quarter", _QUARTER_BEFORE, -1),
    ("quarter", _QUARTER_AFTER, 1),
    ("whole", _WHOLE_YEAR, 0),
)
_PARTS = {"H1": "the first half", "H2": "the second half", "9M": "the first nine months", "Q": "the latest quarter"}
_QUARTERS = 4
_RUN = 3


@dataclass(frozen=True, slots=True)
class PeriodShift:
    """A period told from another one, and where: so many years or quarters after it, with "whole" its full year, with
    "run" so many years up to it.
    """

    start: int
    end: int
    unit: str
    count: int

    def words_from(self, periods: Periods) -> str | None:
        """Return in words the period meant, told from the ones given; None where these do not tell it."""
        years, part = periods.years, periods.fiscal_period
        if not years:
            is_year_before = self.unit == "year" and self.count == -1 and part == "FY"
            return "in the year before the latest" if is_year_before and periods.latest == 1 else None
        from_first = years[0] if self.count < 0 else years[-1]
        if self.unit == "run":
            return in_words(range(from_first + self.count, from_first), part)
        if self.unit == "whole":
            return in_words((years[-1],), "FY")
        if self.unit == "year":
            return in_words((from_first + self.count,), part)
        if part not in ("Q1", "Q2", "Q3", "Q4"):
            return None
        turns, quarter = divmod(int(part[1]) - 1 + self.count, _QUARTERS)
        return in_words((from_first + turns,), f"Q{quarter + 1}")


def period_places(text: str) -> list[tuple[int, int]]:
    """Return where a text names periods, with the words that lead to them: "in fiscal 2022", "since 2019"."""
    others = [match.span() for match in NO_YEAR.finditer(text)]
    places = [match.span() for match in _PLACE.finditer(text)]
    return [(start, end) for start, end in places if all(end <= low or start >= high for low, high in others)]


def find_shift(text: str) -> PeriodShift | None:
    """Return the period that a text tells from another one, None without any."""
    for unit, pattern, count in _SHIFTS:
        match = pattern.search(text)
        if match and unit in ("years", "run"):
            written = match["count"].lower()
            away = _NUMBERS.get(written) or int(written)
            if unit == "run":
                return PeriodShift(match.start(), match.end(), "run", -away)
            sign = 1 if match["way"].lower() in ("later", "after") else -1
            return PeriodShift(match.start(), match.end(), "year", sign * away)
        if match:
            return PeriodShift(match.start(), match.end(), unit, count)
    return None


def in_words(years: Sequence[int], part: str) -> str:
    """Return years, or a part of them, as a question names them: "in fiscal 2022", "in Q2 of fiscal 2022"."""
    named = [str(year) for year in sorted(years)]
    is_run = len(named) >= _RUN and int(named[-1]) - int(named[0]) == len(named) - 1
    prefix = "in " if part == "FY" else f"in {_PARTS.get(part, part)} of "
    if is_run:
        return f"from {named[0]} to {named[-1]}" if part == "FY" else f"{prefix}{', '.join(named)}"
    if len(named) > 1:
        return f"{prefix}{', '.join(named[:-1])} and {named[-1]}"
    return f"{prefix}fiscal {named[0]}"
