"""Which fiscal years a question names: single years, ranges, "FY23", "latest", "last three years"."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from finrag_ml_tg1.understanding.part_of_year import fiscal_part, is_of_quarterly_report, without_part_of_year
from finrag_ml_tg1.understanding.relative_years import (
    asks_which_year,
    latest_two,
    without_relative_years,
    years_ago,
)
from finrag_ml_tg1.understanding.written_years import MARK, MARKED_YEAR, YEAR, full_year
from finrag_ml_tg1.understanding.years_compared import (
    UpToLatest,
    lists_years,
    up_to_latest,
    with_year_after,
    with_year_before,
    without_comparisons,
)

__all__ = ["NO_YEAR", "Periods", "contradiction_in", "find_periods", "latest_years", "without_periods"]

_RANGE = re.compile(
    rf"(?P<first>{MARKED_YEAR}|\b{YEAR})\s*(?:-|–|—|\bto\b|\bthrough\b|\buntil\b)\s*"
    rf"(?P<last>{MARKED_YEAR}|[’']?(?:{YEAR}|\d\d)\b)"
    rf"|\bbetween\s+(?P<lower>{MARKED_YEAR}|{YEAR})\s+and\s+(?P<upper>{MARKED_YEAR}|[’']?(?:{YEAR}|\d\d)\b)",
    re.IGNORECASE,
)
_SPLIT_YEAR = re.compile(rf"\b({YEAR})/(\d\d)\b")
_SINGLE = re.compile(
    rf"\b(?:{MARKED_YEAR}|[1-4]q\s?[’']?(?:{YEAR}|\d\d)\b|q[1-4]\s?(?:[’']|{MARK})?(?:{YEAR}|\d\d)\b|{YEAR}\b)",
    re.IGNORECASE,
)
# Numbers that look like years: amounts, counts, due dates, standards, telephone numbers.
NO_YEAR = re.compile(
    rf"[$€£¥]\s?[\d,.]+|\b\d{{1,3}}-\d{{3}}-\d{{4}}\b|\b{YEAR}\s+(?:(?:senior|convertible)\s+)*(?:notes|bonds|debentures)\b"
    rf"|\b(?:asc|asu|topic|section|rule|regulation|no\.|due|maturing|model)\s+(?:in\s+)?\d{{2,4}}(?:-\d+)?\b"
    r"|\b(?:about|approximately|employ\w*|had|has|have|nearly|of|over|some|than|with)\s+\d{4}\s+"
    r"(?:shares|stores|employees|people|units)\b"
    r"|\b\d{4}\s+(?:(?:[mb]|tr)illion|thousand|dollars|basis points|percent)\b"
    r"|\b\d{4}\s?%"
    # Laws, plans and events have years in their names; goals are set for years to come.
    rf"|\b(?:acts?|fires?|hurricanes?|laws?|treaty|accord|agreement|olympics|pandemic|crisis)\s+of\s+{YEAR}\b"
    rf"|\b{YEAR}\s+(?:\w+\s+){{0,4}}(?:incentive|stock|equity|compensation|omnibus)\s+(?:\w+\s+)?plans?\b"
    rf"|\b(?:reach\w*|achiev\w*|targets?|goals?|aims?|net[\s-]zero|neutral\w*|commit\w*|pledg\w*)\b[^.?!\d]{{0,80}}?"
    rf"\bby\s+(?:the\s+(?:end|year)\s+(?:of\s+)?)?{YEAR}\b",
    re.IGNORECASE,
)
_LAST_YEARS = re.compile(
    r"\b(?:last|past|latest|recent|previous)\s+(two|three|four|five|six|seven|eight|nine|ten|[2-9]|10)\s+"
    r"(?:fiscal\s+)?years\b",
    re.IGNORECASE,
)
_NUMBER_WORDS = dict(zip("two three four five six seven eight nine ten".split(), range(2, 11), strict=True))
_MAX_RANGE_YEARS = 40
_WORDS_OF_TIME = re.compile(
    r"\b(?:(?:fiscal|calendar|full)\s+)?years?(?:\s+end(?:ed|ing)?)?\b|\bfy\b|\bquarter(?:ly|s)?\b|\bmonths?\s+end(?:ed|ing)\b|"
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\s+\d{1,2}\b",
    re.IGNORECASE,
)
_BOUND = re.compile(rf"\b(before|prior to|after|later than)\s+(?:{MARK})?({YEAR})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Periods:
    """The years named, ascending; without any, how many of the latest are meant (1 when nothing is said).

    The year before is among them where a comparison with it is asked for. `up_to_latest`: the latest year is meant too,
    or with "each" all years from the one named on. `are_listed`: each year is meant for itself.
    `years_ago` tells one year by how far before the latest it is.
    `fiscal_period` is the part of the year: "FY", "Q1" to "Q4", "H1" and "9M" from its start, "H2", "Q" for the latest
    quarter, "quarters" for each of the year.
    `is_quarterly` tells whether a Form 10-Q holds it, `is_reversed` that a range is named from its end.
    """

    years: tuple[int, ...]
    latest: int
    is_quarterly: bool
    fiscal_period: str
    is_reversed: bool = False
    up_to_latest: UpToLatest = ""
    are_listed: bool = False
    years_ago: int = 0


def find_periods(question: str, *, companies: int = 1) -> Periods:
    """Return the fiscal years a question asks for; a range written backwards is read forwards.

    `companies` is how many were named where they no longer stand: "revenue vs Nike's in 2024" compares no years.
    """
    text = NO_YEAR.sub(" ; ", question)
    years: set[int] = set()
    is_reversed = False
    for match in _RANGE.finditer(text):
        first = full_year(match["first"] or match["lower"])
        last = full_year(match["last"] or match["upper"], first // 100)
        is_reversed |= last < first
        if abs(last - first) <= _MAX_RANGE_YEARS:
            years.update(range(min(first, last), max(first, last) + 1))
    rest = _RANGE.sub(" ", text)
    years.update(int(year) for first, last in _SPLIT_YEAR.findall(rest) for year in (first, first[:2] + last))
    years.update(full_year(match.group()) for match in _SINGLE.finditer(rest))
    several = _LAST_YEARS.search(question)
    count = several[1].lower() if several else "1"
    latest = _NUMBER_WORDS.get(count) or int(count)
    if asks_which_year(question) and not several:
        latest = _MAX_RANGE_YEARS
    elif latest_two(question):
        latest = 2
    up_to = up_to_latest(text, years)
    if up_to == "ends" and companies > 1:
        up_to = ""
    if with_year_before(question):
        latest = max(latest, 2)
        years |= {year - 1 for year in years} if len(years) == 1 and not up_to else set()
    if with_year_after(question) and len(years) == 1 and not up_to:
        years |= {year + 1 for year in years}
    return Periods(
        tuple(sorted(years)),
        latest,
        is_of_quarterly_report(question),
        fiscal_part(question),
        is_reversed=is_reversed,
        up_to_latest=up_to,
        are_listed=lists_years(text),
        years_ago=0 if years else years_ago(question),
    )


def without_periods(text: str) -> str:
    """Return a text with a comma where it names a period."""
    text = without_part_of_year(without_comparisons(without_relative_years(text)))
    for pattern in (_LAST_YEARS, _RANGE, _SPLIT_YEAR, _SINGLE, _WORDS_OF_TIME):
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


def latest_years(covered: Collection[int], count: int) -> tuple[int, ...]:
    """Return the last `count` covered years, ascending."""
    return tuple(sorted(covered)[-count:])
