"""Putting in order: companies or years by a value or by its growth, and the companies above or below a value."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from finrag_ml_tg1.plan import Threshold
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.metrics_asked import Reading
from finrag_ml_tg1.understanding.wording import read_words
from finrag_ml_tg1.vocabulary.filler_words import FILLERS

__all__ = [
    "asks_to_rank_all",
    "falls_most",
    "loss_as_metric",
    "over_all_problem",
    "place_asked",
    "ranked_by",
    "ranking_limit",
    "ranks_by_measure",
    "sign_listed",
]

_SUPERLATIVE = re.compile(
    r"\b(?:highest|largest|biggest|greatest|best|most(?! recent)|top|lowest|smallest|worst|least|fewest|fastest|"
    r"slowest|rank(?:ed|ing)?)\b",
    re.IGNORECASE,
)
_LISTS = re.compile(r"\b(?:which|what|list|show|name)\s+(?:\w+\s+)?(?:companies|firms|filers)\b", re.IGNORECASE)
_GREW = re.compile(r"\bgrowth\b|\bgr(?:ow|ew|own|owing)\b|\b(?:fastest|slowest|faster|slower)\b", re.IGNORECASE)
_CHANGED = re.compile(
    r"\b(?:increas\w*|decreas\w*|declin\w*|drop\w*|rose|fell|fall|improve\w*|change\w*)\b", re.IGNORECASE
)
_FELL = re.compile(r"\b(?:decreas\w*|declin\w*|drop\w*|fell|fall)\b", re.IGNORECASE)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_COUNT = rf"(\d{{1,2}}|{'|'.join(_COUNTS)})"
_TOP = re.compile(
    rf"\b(?:top|bottom|first)\s+{_COUNT}\b|"
    rf"\b{_COUNT}\s+(?:companies\s+with\s+(?:the\s+)?)?(?:highest|largest|biggest|lowest|smallest|most|least|best|worst|fastest)\b",
    re.IGNORECASE,
)
_PLACES = {"second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5}
_PLACE = re.compile(
    rf"\b({'|'.join(_PLACES)})[- ](?=highest|largest|biggest|greatest|best|most|lowest|smallest|worst|least|fewest|"
    r"fastest|slowest)",
    re.IGNORECASE,
)
_LARGEST_LOSS = re.compile(
    r"\b(largest|biggest|greatest|highest|worst|heaviest)\s+(?:net\s+)?loss(?:es)?\b", re.IGNORECASE
)
_UNITS = ("bn", "b", "m", "mn", "k", "tn", "trillion")
_OVER_ALL = re.compile(
    r"\b(?:average|mean|median|total|combined|sum|aggregate)\b.*\b(?:all|every|each|across)\b.*\b(?:companies|firms|filers)\b",
    re.IGNORECASE,
)
_OF_SIGN = (
    (re.compile(r"\bloss(?:es)?\b|\bunprofitable\b|\blos[et] money\b", re.IGNORECASE), False),
    (re.compile(r"\bprofitable\b|\bpa(?:y|id|ys)\b", re.IGNORECASE), True),
)
_NO_SUM = (
    "No average or sum over all the companies covered is calculated, as their fiscal years end on different days. "
    "Name the companies, or ask for a ranking."
)


def asks_to_rank_all(text: str, reading: Reading) -> bool:
    """Return whether, no company being named, all of them are to be put in order or listed.

    Of a question with other words in it than these it is not certain that it is asked of all.
    """
    beside = _unnamed(reading)
    telling = {word for word in beside if word not in FILLERS and not word.replace(".", "").isdigit()}
    is_ordered = _SUPERLATIVE.search(" ".join(beside)) is not None
    return telling <= {*_PLACES, *_COUNTS, *_UNITS} and (is_ordered or _LISTS.search(text) is not None)


def ranked_by(text: str) -> Literal["", "growth", "change"]:
    """Return by what values are put in order: "" by themselves, else by how they grew or changed."""
    if _GREW.search(text):
        return "growth"
    return "change" if _CHANGED.search(text) else ""


def falls_most(text: str) -> bool:
    """Return whether the one that went down most is asked for: the lowest in growth."""
    return _FELL.search(text) is not None


def ranking_limit(text: str) -> int:
    """Return how many of a ranking are asked for, 0 for all."""
    match = _TOP.search(text)
    count = next(filter(None, match.groups())).lower() if match else "0"
    return _COUNTS.get(count) or int(count)


def place_asked(text: str) -> int:
    """Return which place alone is asked for ("second highest" is 2), 0 for none."""
    match = _PLACE.search(text)
    return _PLACES[match[1].lower()] if match else 0


def loss_as_metric(text: str) -> tuple[str, bool]:
    """Return a text with "largest loss" as the net loss that it means, and whether it spoke of one."""
    written = _LARGEST_LOSS.sub(r"\1 net loss", text)
    return written, _LARGEST_LOSS.search(text) is not None


def over_all_problem(text: str) -> str | None:
    """Return why no average or sum over all companies is given, None where none is asked for."""
    return _NO_SUM if _OVER_ALL.search(text) else None


def sign_listed(text: str) -> Threshold | None:
    """Return what "which companies had a net loss" tests against, None for other lists."""
    if not _LISTS.search(text) or _SUPERLATIVE.search(text):
        return None
    found = [is_gain for pattern, is_gain in _OF_SIGN if pattern.search(text)]
    return Threshold(Decimal(0), is_above=found[0]) if found else None


def ranks_by_measure(names: MetricNames, text: str) -> str:
    """Return the metric after "by", which is what is put in order by, "" without one."""
    mentions = names.find(read_words(text.rpartition(" by ")[2])) if " by " in text else []
    return mentions[0].metric if mentions and mentions[0].start == 0 else ""


def _unnamed(reading: Reading) -> list[str]:
    """The words of a question that name no metric."""
    words = reading.wording.words
    named = {place for _, start, end in reading.wording.mentions for place in range(start, end)}
    return [word for place, word in enumerate(words) if place not in named and word != ","]
