"""Up or down: the direction a sentence tells, in whatever verb."""

from __future__ import annotations

import re

__all__ = ["direction_asked", "direction_of", "directions_in"]

_UP = (
    r"increas\w*|ris(?:e|es|en|ing)|rose|grew|grow(?:s|ing|n)?|improv\w*|higher|expand\w*|expansion|accelerat\w*|strengthen\w*|gain"
    r"(?:s|ed)?|climb\w*|uptick"
)
_DOWN = (
    r"decreas\w*|declin\w*|fell|fall(?:s|en|ing)?|drop\w*|deteriorat\w*|lower\w*|reduc\w*|shr[aiu]nk\w*|contract(?:ed|ion)"
    r"|decelerat\w*|worsen\w*|weaken\w*|slow(?:s|ed|ing|er|down)?\b|downtick"
)
_WORD = re.compile(rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\b", re.IGNORECASE)
# A denial reaches to the end of its clause: "does not appear to have an improving margin".
_NEGATED = re.compile(
    r"(?:\bnot|n't|\bno|\bnever|\bwithout|\bneither|\bnor)\b(?:(?!\b(?:but|while|instead|and)\b)[^,.;:])*$",
    re.IGNORECASE,
)
_EITHER = re.compile(
    rf"\b(?:(?:{_UP})\b[^.?]{{0,30}}\bor\b[^.?]{{0,30}}\b(?:{_DOWN})|(?:{_DOWN})\b[^.?]{{0,30}}\bor\b"
    rf"[^.?]{{0,30}}\b(?:{_UP}))\b",
    re.IGNORECASE,
)
_REACH = 100


def direction_asked(question: str) -> bool:
    """Return whether a question asks which of two opposite ways something went."""
    return bool(_EITHER.search(question))


def direction_of(text: str, *, reads_denials: bool = True) -> int:
    """Return 1 for up, -1 for down by the first word that tells, 0 when none does."""
    return next(iter(directions_in(text, reads_denials=reads_denials)), 0)


def directions_in(text: str, *, reads_denials: bool = True) -> list[int]:
    """Return all directions a text names, in order; a denied one is turned round, unless denials are not read."""
    found = []
    for match in _WORD.finditer(text):
        sign = 1 if match["up"] else -1
        is_negated = reads_denials and _NEGATED.search(text[max(0, match.start() - _REACH) : match.start()])
        found.append(-sign if is_negated else sign)
    return found
