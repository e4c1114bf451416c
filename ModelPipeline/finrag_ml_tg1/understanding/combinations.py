"""Two values made one: what a question wants subtracted, divided or added that is not one metric over time."""

from __future__ import annotations

import re
from typing import Literal

from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.wording import read_words

__all__ = [
    "Combination",
    "combination_asked",
    "formula_of_two",
    "is_ratio",
    "is_reversed",
    "shown_as",
    "without_operators",
]

Combination = Literal["", "difference", "multiple", "together"]

_COMPARATIVE = r"(?:more|less|fewer|larger|bigger|greater|higher|lower|smaller)"
_DIFFERENCE = re.compile(
    rf"\bdifference\b.*\bbetween\b|\bgap between\b|\bminus\b|"
    rf"\bhow (?:much|many)\b.*\b{_COMPARATIVE}\b.*\bthan\b|\bhow much\b.*\b(?:exceed|surpass)",
    re.IGNORECASE,
)
_MULTIPLE = re.compile(rf"\bhow many times\b|\bmultiple of\b|\btimes (?:{_COMPARATIVE}|as|the)\b", re.IGNORECASE)
_TOGETHER = re.compile(r"\bcombined\b|\btogether\b(?! with)|\bsum of\b|\bjointly\b|\baltogether\b", re.IGNORECASE)
_RATIO = re.compile(
    r"\bas (?:an? )?(?:%|percent(?:age)?|share|proportion|fraction) of\b|\bratio (?:of|between)\b|"
    r"\bdivided by\b|\brelative to\b|\s/\s|\bper (?:dollar|unit) of\b|\bto\b.{0,40}\bratio\b|"
    r"(?:\b(?:share|percent(?:age)?|portion|proportion|fraction)|%)\s+of\b",
    re.IGNORECASE,
)
_SHARE_OF = re.compile(r"(?:\b(?:share|percent(?:age)?|portion|proportion|fraction)|%)\s+of\b", re.IGNORECASE)
_LESS_THAN = re.compile(r"\bhow (?:much|many)\b.*\b(?:less|fewer|lower|smaller)\b.*\bthan\b", re.IGNORECASE)
# "What multiple of A is B", "how many times A is B": here the first is what is divided by.
_DIVISOR_FIRST = re.compile(
    rf"\b(?:what|which) multiple of\b|\bhow many times (?!{_COMPARATIVE}\b|as\b)", re.IGNORECASE
)
_BASIS_POINTS = re.compile(r"(?:\b(?:in|by)\s+)?(?:\bhow many\s+)?\b(?:basis points?|bps)\b", re.IGNORECASE)
_TIMES = re.compile(r"\bdivided by\b", re.IGNORECASE)
_OPERATORS = re.compile(
    rf"\bhow many times\b(?: {_COMPARATIVE})?|\btimes {_COMPARATIVE}|\bmultiple of\b", re.IGNORECASE
)
_MINUS = re.compile(r"\bminus\b", re.IGNORECASE)


def combination_asked(text: str) -> Combination:
    """Return what two values are to become, "" when nothing says so."""
    if _MULTIPLE.search(text):
        return "multiple"
    if _DIFFERENCE.search(text):
        return "difference"
    return "together" if _TOGETHER.search(text) else ""


def is_reversed(text: str) -> bool:
    """Return whether the second value named is the one to subtract from, or to divide."""
    return (_DIVISOR_FIRST if combination_asked(text) == "multiple" else _LESS_THAN).search(text) is not None


def is_ratio(text: str) -> bool:
    """Return whether two metrics are to be divided."""
    return _RATIO.search(text) is not None


def without_operators(text: str) -> str:
    """Return a text without the words that only say what is done with the values."""
    return _MINUS.sub(" and ", _OPERATORS.sub(" ", _BASIS_POINTS.sub(" ", text)))


def shown_as(text: str) -> Literal["", "times", "basis points"]:
    """Return how a ratio, or the change of one, is to be written where it is not in percent."""
    if _BASIS_POINTS.search(text):
        return "basis points"
    return "times" if _MULTIPLE.search(text) or _TIMES.search(text) else ""


def formula_of_two(names: MetricNames, text: str, first: str, second: str) -> str:
    """Return the formula that a question makes of two metrics of one company, "" when it only asks for both."""
    combination = combination_asked(text)
    if combination in ("difference", "multiple"):
        first, second = (second, first) if is_reversed(text) else (first, second)
        return f"{first} {'-' if combination == 'difference' else '/'} {second}"
    if is_ratio(text) or _is_slashed(names, text):
        match = _SHARE_OF.search(text)
        after = names.find(read_words(text[match.end() :])) if match else []
        return f"{second} / {first}" if after and after[0].metric == first else f"{first} / {second}"
    return f"{first} + {second}" if combination == "together" else ""


def _is_slashed(names: MetricNames, text: str) -> bool:
    """Whether "/" stands right between the names of two metrics: "capex/revenue"."""
    for match in re.finditer("/", text):
        before, after = read_words(text[: match.start()]), read_words(text[match.end() :])
        left, right = names.find(before), names.find(after)
        if left and right and left[-1].end == len(before) and right[0].start == 0:
            return left[-1].metric != right[0].metric
    return False
