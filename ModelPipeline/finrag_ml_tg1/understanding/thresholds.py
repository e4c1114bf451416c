"""The value that a question tests against: "Did revenue exceed $5 billion?", "Did sales double?"."""

from __future__ import annotations

import re
from decimal import Decimal

from finrag_ml_tg1.plan import Threshold

__all__ = ["find_threshold", "tests_multiple"]

_THRESHOLD = re.compile(
    r"\b(?P<below>below|under|less than|fewer than|lower than|smaller than|fall short of)?"
    r"(?P<above>exceed(?:ed|s)?|surpass(?:ed|es)?|top(?:ped|s)?|"
    r"above|over|more than|greater than|"
    r"higher than|larger than|"
    r"at least|reach(?:ed)?)?\s+(?:of\s+)?(?P<sign>[$€£])?\s?(?P<number>\d[\d,]*(?:\.\d+)?)\s?"
    r"(?P<scale>trillion|billion|million|thousand|bn|mn|tn|[bmk]\b|percent|%)?",
    re.IGNORECASE,
)
_REACHED = re.compile(r"at least|reach(?:ed)?", re.IGNORECASE)
# What a multiple of the value before is as growth.
_MULTIPLES = (
    (re.compile(r"\bdoubl(?:e|ed|ing)\b", re.IGNORECASE), Decimal(1)),
    (re.compile(r"\btripl(?:e|ed|ing)\b", re.IGNORECASE), Decimal(2)),
    (re.compile(r"\bquadrupl(?:e|ed|ing)\b", re.IGNORECASE), Decimal(3)),
    (re.compile(r"\bhalv(?:e|ed|ing)\b", re.IGNORECASE), Decimal("-0.5")),
)
_REPORTS = r"(?:make|made|turn(?:ed)?|report(?:ed)?|post(?:ed)?|take|took)\s+(?:an? |any )?(?:net )?"
_SIGNS = (
    (re.compile(rf"\bprofitable\b|\b{_REPORTS}profits?\b", re.IGNORECASE), True),
    (
        re.compile(rf"\bunprofitable\b|\bloss-making\b|\b{_REPORTS}loss(?:es)?\b|\blos[et] money\b", re.IGNORECASE),
        False,
    ),
)
_LIKE_ANOTHER = re.compile(r"\b(?:more|less|most|least|as)\s+(?:un)?profitable\b", re.IGNORECASE)
_DIRECTIONS = (
    (
        re.compile(
            r"\b(?:gr(?:ow|ew|own|owing)|increas(?:e|ed|ing)|rise|rose|risen|go(?:ne)? up|expand(?:ed)?)\b",
            re.IGNORECASE,
        ),
        True,
    ),
    (
        re.compile(
            r"\b(?:declin(?:e|ed|ing)|decreas(?:e|ed|ing)|fall|fell|fallen|drop(?:ped)?|shr[aiu]nk|go(?:ne)? down)\b",
            re.IGNORECASE,
        ),
        False,
    ),
)
# What is better is higher, but for what costs.
_JUDGEMENTS = (
    (re.compile(r"\bimprov\w+\b", re.IGNORECASE), True),
    (re.compile(r"\bdeteriorat\w+\b", re.IGNORECASE), False),
)
_BETTER_LOWER = re.compile(
    r"\b(?:costs?|expenses?|debts?|loss(?:es)?|tax(?:es)?|days|liabilit\w+|leverage)\b", re.IGNORECASE
)
_DECLINE = re.compile(
    r"\b(?:declin\w*|decreas\w*|fall|fell|fallen|drop\w*|shr[aiu]nk|reduc\w*|contract(?:ed)?)\b", re.IGNORECASE
)
_SCALES = {
    "trillion": 12, "tn": 12, "billion": 9, "bn": 9, "b": 9, "million": 6, "mn": 6, "m": 6, "thousand": 3, "k": 3,
    "percent": -2, "%": -2,
}  # fmt: skip
_ASKS_WHETHER = re.compile(r"^(?:did|does|do|was|were|is|are|has|have|had)\b", re.IGNORECASE)


def find_threshold(text: str) -> Threshold | None:
    """Return the value that a question tests against, in the base unit; percentages and multiples are ratios."""
    for pattern, growth in _MULTIPLES:
        match = pattern.search(text)
        if match and _ASKS_WHETHER.match(text.strip()):
            is_strict = re.search(r"more than\s*$", text[: match.start()], re.IGNORECASE) is not None
            return Threshold(growth, is_above=growth > 0, is_share=True, is_reached=not is_strict)
    for pattern, is_gain in _SIGNS:
        if _ASKS_WHETHER.match(text.strip()) and pattern.search(text) and not _LIKE_ANOTHER.search(text):
            return Threshold(Decimal(0), is_above=is_gain)
    for match in _THRESHOLD.finditer(text):
        if bool(match["below"]) == bool(match["above"]) or not (match["sign"] or match["scale"]):
            continue
        scale = (match["scale"] or "").lower()
        value = Decimal(match["number"].replace(",", "")).scaleb(_SCALES.get(scale, 0))
        is_above, is_share = match["below"] is None, scale in ("%", "percent")
        if _DECLINE.search(text):
            value, is_above = -value, not is_above
        is_reached = match["above"] is not None and _REACHED.match(match["above"]) is not None
        return Threshold(value, is_above, is_share, is_reached)
    return _direction(text)


def _direction(text: str) -> Threshold | None:
    """What "Did revenue grow?" tests against: nil, by growth where it is growth that is spoken of."""
    if not _ASKS_WHETHER.match(text.strip()) or re.search(r"\bthan\b|\bor\b", text, re.IGNORECASE):
        return None
    found = [is_up for pattern, is_up in _DIRECTIONS if pattern.search(text)]
    if not _BETTER_LOWER.search(text):
        found += [is_up for pattern, is_up in _JUDGEMENTS if pattern.search(text)]
    is_growth = re.search(r"\bgr(?:ow|ew)", text, re.IGNORECASE) is not None
    return Threshold(Decimal(0), is_above=found[0], is_share=is_growth) if len(found) == 1 else None


def tests_multiple(text: str) -> bool:
    """Return whether a question asks if a value became a multiple of what it was."""
    return any(pattern.search(text) for pattern, _ in _MULTIPLES)
