"""Years that a question means beside the one it names: all since then, the year before, the latest to compare with."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from finrag_ml_tg1.understanding.written_years import MARK, MARKED_YEAR, YEAR

__all__ = ["UpToLatest", "lists_years", "up_to_latest", "with_year_after", "with_year_before", "without_comparisons"]

UpToLatest = Literal["", "each", "ends"]

_ONE_YEAR = rf"(?:(?:the\s+)?(?:year\s+)?(?:{MARKED_YEAR}|{YEAR}\b))"
_TO_NOW = r"(?:on(?:wards?)?\b|(?:to|until|till|through)\s+(?:the\s+)?(?:date|now|today|present|latest(?:\s+year)?)\b)"
_SINCE = re.compile(
    rf"\b(?:ever\s+)?since\s+(?:the\s+)?(?:(?:start|beginning|end)\s+of\s+)?{_ONE_YEAR}"
    rf"|\b(?:starting\s+(?:in|from|with)|beginning\s+(?:in|from|with)|from)\s+{_ONE_YEAR}\s*(?:and\s+)?{_TO_NOW}"
    rf"|{_ONE_YEAR}\s+(?:and\s+)?onwards?\b",
    re.IGNORECASE,
)
_COMPARED = r"(?:compar(?:ed?|ing|ison)\s+(?:to|with|against)|versus|vs\.?|relative\s+to|against|than)"
_COMPARED_WITH_YEAR = re.compile(
    rf"\b{_COMPARED}\s+(?:(?:in|for|during|that\s+of|those\s+of)\s+)?{_ONE_YEAR}"
    rf"|\b(?:gr[eo]w\w*|chang\w*|increas\w*|decreas\w*|declin\w*|rise|rose|fall|fell)\s+from\s+{_ONE_YEAR}(?!\s*(?:-|–|to\b))",
    re.IGNORECASE,
)
_PERIOD = r"(?:(?:fiscal|financial)\s+)?(?:year|quarter|period|three\s+months|six\s+months|nine\s+months)"
_YEAR_BEFORE_NAMED = (
    rf"(?:(?:same|corresponding|comparable)\s+{_PERIOD}\s+(?:of|in|a|the|one)?\s*(?:the\s+)?"
    r"(?:(?:prior|previous|preceding|last)\s+(?:fiscal\s+)?year|year\s+(?:ago|before|earlier))"
    r"|(?:prior|previous|preceding|last|earlier)[\s-](?:(?:fiscal|financial)\s+)?year(?:'s)?"
    rf"(?:\s+{_PERIOD}|\s+levels?)?\b|year[\s-]+(?:ago|before|earlier|prior)\b(?:[\s-]+{_PERIOD}\b)?)"
)
_YEAR_BEFORE = re.compile(
    rf"\b(?:(?:{_COMPARED}|from|over|on)\s+(?:(?:in|for|during|that\s+of|those\s+of)\s+)?(?:(?:the|its|their|a|one)\s+)?"
    rf"{_YEAR_BEFORE_NAMED})|\b(?:and|or|with)\s+(?:in\s+)?(?:the|a|one)\s+(?:prior\s+year|year\s+(?:before|ago|earlier|prior)|previous\s+year)\b",
    re.IGNORECASE,
)
_YEAR_AFTER = re.compile(
    r"\b(?:a|one)\s+year\s+(?:later|after(?:wards?)?)\b|\bthe\s+(?:following|next|subsequent)\s+(?:fiscal\s+)?year\b",
    re.IGNORECASE,
)
_LISTED = re.compile(
    rf"(?:{MARK}?[’']?(?:{YEAR}|\d\d)\b)\s*(?:,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)(?:{MARKED_YEAR}|{YEAR}\b)",
    re.IGNORECASE,
)
_EACH = re.compile(r"\b(?:each|every|per)\s+(?:fiscal\s+)?year\b|\byear\s+by\s+year\b", re.IGNORECASE)
_SPANS = re.compile(rf"\b(?:between|from)\b|\b{_COMPARED}\b", re.IGNORECASE)


def up_to_latest(text: str, years: Collection[int]) -> UpToLatest:
    """Return whether the one year named is the first of all up to the latest, or is compared with the latest."""
    if len(years) != 1:
        return ""
    if _SINCE.search(text):
        return "each"
    return "ends" if _COMPARED_WITH_YEAR.search(text) else ""


def with_year_before(text: str) -> bool:
    """Return whether a comparison with the year before is asked for, which is not named by its number."""
    return _YEAR_BEFORE.search(text) is not None


def with_year_after(text: str) -> bool:
    """Return whether the year after the one named is asked for as well: "and who a year later?"."""
    return _YEAR_AFTER.search(text) is not None


def lists_years(text: str) -> bool:
    """Return whether years stand in a list, each for itself, and not as the ends of a time between them."""
    return _EACH.search(text) is not None or (_LISTED.search(text) is not None and _SPANS.search(text) is None)


def without_comparisons(text: str) -> str:
    """Return a text with a comma where it says which years to compare."""
    return _YEAR_BEFORE.sub(" , ", _SINCE.sub(" , ", text))
