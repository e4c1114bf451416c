"""Items that hold no text of their own: what they say instead."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["MAX_POINTER_CHARS", "Pointer", "pointer_in"]

Pointer = Literal["", "incorporated by reference", "nothing to report", "elsewhere in this filing"]

# A longer item says something itself, whatever else it refers to.
MAX_POINTER_CHARS = 1_500
# So does one with more than this beside the sentences that refer.
_MAX_OWN_CHARS = 500
_MAX_NOTHING_CHARS = 500
# "None." and the like are the first thing such an item says; further on, "we have not" may be part of its matter.
_NOTHING_WITHIN_CHARS = 250

_BY_REFERENCE = re.compile(
    r"\bincorporated?\b.{0,120}?\bby\b.{0,20}?\breference|\bproxy statement|\bschedule 14A\b"
    r"|\bannual report to (?:share|stock)holders\b|\|\s*\([a-z]\)\s*$",
    re.IGNORECASE | re.DOTALL,
)
_NOTHING = re.compile(
    r"\b(?:not applicable|not required|none|n/a|reserved|removed|omitted|does not apply|inapplicable|not to include)\b|"
    r"\bthere (?:were|are|have been|is|was) (?:no|not)\b|"
    r"\b(?:we|the company|registrant|partnership) (?:is|are|has|have|had|did|does|received) "
    r"(?:received |currently |presently )?(?:no|not)\b|"
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
_SENTENCE = re.compile(r"[^\n]+?(?:(?<=[a-z)”\"])[.;](?=\s)|\n|$)")


def pointer_in(text: str) -> Pointer:
    """Return what an item's text says instead of its matter; "" when it has matter of its own.

    `text` is the item without page furniture, blocks divided by blank lines, its heading first.
    """
    if len(text) > MAX_POINTER_CHARS:
        return ""
    body = text.partition("\n\n")[2] or text
    if _BY_REFERENCE.search(text):
        return "incorporated by reference" if _own_chars(body) <= _MAX_OWN_CHARS else ""
    if len(text) <= _MAX_NOTHING_CHARS and _NOTHING.search(body[:_NOTHING_WITHIN_CHARS]):
        return "nothing to report"
    return "elsewhere in this filing" if len(text) <= _MAX_NOTHING_CHARS and _ELSEWHERE.search(body) else ""


def _own_chars(body: str) -> int:
    """The characters of the sentences that neither refer elsewhere nor say that there is nothing."""
    patterns = (_BY_REFERENCE, _ELSEWHERE, _NOTHING)
    return sum(
        len(sentence.group())
        for sentence in _SENTENCE.finditer(body)
        if not any(pattern.search(sentence.group()) for pattern in patterns)
    )
