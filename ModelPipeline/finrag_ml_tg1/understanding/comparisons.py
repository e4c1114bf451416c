"""What of several numbers a question asks for: the largest, the smallest, the first few, whether one is more."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["asks_extreme", "asks_lowest", "asks_to_rank", "compares"]

_ASKS_WHETHER = re.compile(r"^(?:did|does|do|was|were|is|are|has|have|had)\b", re.IGNORECASE)
_ASKS_WHICH = re.compile(
    r"\b(?:which|who|when (?:was|did)|what (?:company|(?:fiscal )?year)|rank|among|compare|companies|firms)\b",
    re.IGNORECASE,
)
_COMPARES = re.compile(
    r"\b(?:more|less|higher|lower|greater|larger|smaller|bigger|fewer|better|worse|faster|slower)\b.*\bthan\b|\bexceed(?:ed|s)?\b|\bsurpass(?:ed)?\b",
    re.IGNORECASE,
)
_EXTREME = re.compile(
    r"\b(?:highest|largest|biggest|greatest|best|most|top|lowest|smallest|worst|least|fewest|fastest|slowest|rank(?:ed|ing)?|"
    r"higher|larger|bigger|greater|more|lower|smaller|less|fewer|better|worse)\b",
    re.IGNORECASE,
)
_LOWEST = re.compile(
    r"\b(?:lowest|smallest|worst|least|fewest|lower|smaller|less|fewer|worse|bottom|slowest|slower)\b", re.IGNORECASE
)


def asks_to_rank(text: str) -> bool:
    """Return whether companies or years are to be put in order."""
    return _EXTREME.search(text) is not None and _ASKS_WHICH.search(text) is not None


def asks_lowest(text: str) -> bool:
    """Return whether the smallest is asked for rather than the largest."""
    return _LOWEST.search(text) is not None


def asks_extreme(text: str) -> bool:
    """Return whether the largest or the smallest of several is asked for."""
    return _EXTREME.search(text) is not None


def compares(text: str) -> Literal["", "more", "less"]:
    """Return whether it is asked if one value is more than another, or less."""
    if not _ASKS_WHETHER.match(text.strip()) or not _COMPARES.search(text):
        return ""
    return "less" if _LOWEST.search(text) else "more"
