"""Which year a filer calls its fiscal year: two filers whose years end on the same day may label them differently.

The label is `dei:DocumentFiscalYearFocus`, unless the document's own words call the very same period otherwise. Without
tags the words decide ("fiscal 1996", tied to the day the year ended); without such words the practice of most filers: a
year is named after the calendar year it ends in, but one that ends around the end of January, as retailers' years do
(the National Retail Federation's calendar), after the one before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["FiscalYear", "fiscal_period_of", "fiscal_year_of", "fiscal_year_of_quarter"]

_OPENING_CHARS = 200_000
_LAST_DAY_OF_EARLIER_LABEL = (2, 10)
_LAST_MONTH_OF_TWO_LABELS = 6
_MIN_WORDS_AGAINST_TAG = 2
# A quarter's end may lie a few days after its year's end in another year, with 52 and 53 weeks.
_DRIFT = timedelta(days=15)

_LABEL = re.compile(r"\bfiscal\s+(?:years?\s+)?[('‘“\"]?((?:19|20)\d\d)\b", re.IGNORECASE)
_QUARTER_OF = re.compile(r"quarter\s+of\s+(?:our\s+|its\s+)?fiscal\s+(?:year\s+)?((?:19|20)\d\d)", re.IGNORECASE)
_TIE_BEFORE_DATE = re.compile(
    r"(?!.*\b(?:compar|versus|prior|previous|than\b))[^.;]{0,90}?\b(?:end(?:ed|ing|s)?|through)\s+(?:on\s+)?(?:\w+day,?\s+)?$",
    re.IGNORECASE | re.DOTALL,
)
_TIE_AFTER_DATE = re.compile(
    r"(?:[\s,(\"“”]|\b(?:is|was|are|or|as|refer|referred|refers|to|be|herein|hereinafter|called|the|our|we|it|this)\b)*",
    re.IGNORECASE,
)
_MAX_TIE_CHARS = 110


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """The label, and what there is to tell about where it comes from; "" when it is the filer's own tag."""

    label: int
    note: str


def fiscal_year_of(text: str, period_end: date, tagged: int | None) -> FiscalYear:
    """Return the label of the year that ends on `period_end`, from the filer's tag and the text of the filing."""
    said = Counter(_labels_tied_to(text[:_OPENING_CHARS], period_end))
    by_words = max(said, key=said.__getitem__) if said else None
    if tagged is not None:
        return _checked(tagged, period_end, by_words, said)
    if by_words is not None:
        return FiscalYear(by_words, f"fiscal year {by_words} taken from the document's words: it tags none")
    usual = _usual_label(text[:_OPENING_CHARS], period_end)
    if usual is not None:
        return FiscalYear(usual, f'fiscal year {usual} taken from the words "fiscal {usual}": the document tags none')
    label = _label_of_end(period_end)
    return FiscalYear(label, "fiscal year taken from the period end on the cover: the document tags none")


def fiscal_year_of_quarter(text: str, period_end: date, tagged: int | None, year_end: str) -> FiscalYear:
    """Return the label of the year that a quarter belongs to; `year_end` is the day the year ends on (MM-DD), or ""."""
    if tagged is not None:
        return _checked(tagged, period_end, None, Counter())
    said = Counter(
        int(label) for label in _QUARTER_OF.findall(text[:_OPENING_CHARS]) if 0 <= int(label) - period_end.year <= 1
    )
    if said:
        label = max(said, key=said.__getitem__)
        return FiscalYear(label, f"fiscal year {label} taken from the document's words: it tags none")
    end = _next_year_end(period_end, year_end)
    if end is None:
        return FiscalYear(period_end.year, "fiscal year taken from the quarter's end: the document tags none")
    label = _label_of_end(end)
    return FiscalYear(label, f"fiscal year taken from its end on {end:%B} {end.day}: the document tags none")


def fiscal_period_of(period_end: date, year_end: str) -> str:
    """Return Q1, Q2 or Q3 for a quarter by the day its fiscal year ends on (MM-DD); "" when that is not known."""
    end = _next_year_end(period_end, year_end)
    quarters_left = round((end - period_end).days / 91) if end else 0
    return f"Q{4 - quarters_left}" if 1 <= quarters_left <= 3 else ""


def _checked(tagged: int, period_end: date, by_words: int | None, said: Counter[int]) -> FiscalYear:
    if by_words is not None and not said[tagged] and said[by_words] >= _MIN_WORDS_AGAINST_TAG:
        return FiscalYear(
            by_words, f"the document tags fiscal year {tagged}, but calls the year ended {period_end} fiscal {by_words}"
        )
    if abs(tagged - period_end.year) > 1:
        label = by_words or _label_of_end(period_end)
        return FiscalYear(label, f"the document tags fiscal year {tagged}, but its period ends on {period_end}")
    return FiscalYear(tagged, "")


def _labels_tied_to(text: str, period_end: date) -> Iterator[int]:
    """Yield the label wherever it stands beside the day the year ended, as in "fiscal 1996 ended January 28, 1997"."""
    day = re.compile(rf"{period_end:%B}\s+{period_end.day}\s*,\s*{period_end.year}\b", re.IGNORECASE)
    for match in day.finditer(text):
        before = text[max(0, match.start() - _MAX_TIE_CHARS) : match.start()]
        labels = list(_LABEL.finditer(before))
        if labels and _TIE_BEFORE_DATE.match(before, labels[-1].end()):
            label = int(labels[-1].group(1))
        else:
            after = text[match.end() : match.end() + _MAX_TIE_CHARS]
            following = _LABEL.search(after)
            if not following or not _TIE_AFTER_DATE.fullmatch(after, 0, following.start()):
                continue
            label = int(following.group(1))
        if abs(label - period_end.year) <= 1:
            yield label


def _usual_label(text: str, period_end: date) -> int | None:
    """The year that "fiscal …" mostly names, where two are possible; the year to come is named too, but less often."""
    if period_end.month > _LAST_MONTH_OF_TWO_LABELS:
        return None
    named = Counter(int(match.group(1)) for match in _LABEL.finditer(text))
    this, before = named[period_end.year], named[period_end.year - 1]
    if not this + before:
        return None
    return period_end.year if 2 * this >= before else period_end.year - 1


def _label_of_end(end: date) -> int:
    return end.year - ((end.month, end.day) <= _LAST_DAY_OF_EARLIER_LABEL)


def _next_year_end(period_end: date, year_end: str) -> date | None:
    match = re.fullmatch(r"(\d\d)-(\d\d)", year_end)
    for year in (period_end.year, period_end.year + 1):
        try:
            # The 29th of February is a year's end in any year.
            end = date(year, int(match.group(1)), min(int(match.group(2)), 28)) if match else None
        except ValueError:
            return None
        if end and end > period_end + _DRIFT:
            return end
    return None
