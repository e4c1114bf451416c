"""Items that hold no text of their own: what they say instead."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["MAX_POINTER_CHARS", "Pointer", "pointer_in"]

Pointer = Literal["", "incorporated by reference", "nothing to report", "elsewhere in this filing"]

# A longer item says something itself, whatever else it refers to.
MAX_POINTER_CHARS = 1_500
_MAX_NOTHING_CHARS = 500

_BY_REFERENCE = re.compile(
    r"\bincorporated?\b.{0,120}?\bby\b.{0,20}?\breference|\bproxy statement|\bschedule 14A\b|\|\s*\([a-z]\)\s*$",
    re.IGNORECASE | re.DOTALL,
)
_NOTHING = re.compile(
    r"\b(?:not applicable|not required|none|n/a|reserved|removed|omitted|does not apply|inapplicable|not to include)\b|"
    r"\bthere (?:were|are|have been|is|was) (?:no|not)\b|"
    r"\b(?:we|the company|registrant|partnership) (?:has|have|had|did|does|received) (?:received )?(?:no|not)\b|"
    r"\bno (?:matters|changes?|disagreements|unresolved|information|such|written|reportable)\b|"
    r"\bno (?:director|officer|executive)\b",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:see|refer to|reference is made to)\b|\bcross.reference|\bpages?\b.{0,20}\d|"
    r"\b(?:set forth|included|contained|appears?|presented|found|discussed|described|located|submitted|begins?|filed)"
    r" (?:also )?(?:in|on|under|at|as|herein|below|above|elsewhere|beginning)\b",
    re.IGNORECASE,
)


def pointer_in(text: str) -> Pointer:
    """Return what an item's text says instead of its matter; "" when it has matter of its own.

    `text` is the item without page furniture, blocks divided by blank lines, its heading first.
    """
    if len(text) > MAX_POINTER_CHARS:
        return ""
    if _BY_REFERENCE.search(text):
        return "incorporated by reference"
    body = text.partition("\n\n")[2] or text
    if len(text) <= _MAX_NOTHING_CHARS and _NOTHING.search(body):
        return "nothing to report"
    return "elsewhere in this filing" if len(text) <= _MAX_NOTHING_CHARS and _ELSEWHERE.search(body) else ""
