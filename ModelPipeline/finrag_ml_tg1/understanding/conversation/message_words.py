"""Which words a message has: only those that ask again, compare, tell of a change, or name an operation."""

from __future__ import annotations

from typing import Literal

from finrag_ml_tg1.understanding.wording import normal_words

__all__ = ["EXTREMES", "OPERATION_WORDS", "Kind", "has_only"]

Kind = Literal["nothing", "comparison", "change", "operation", "extreme"]

# Words that ask again and add nothing to what was asked.
_SAY_NOTHING = frozenset(
    "a about again all also amount amounts an and any are as at be been before between by can could did do does "
    "each earlier eight figure figures fiscal five for four from get give had has have how i in instead is it its "
    "just know let let's lets like look looks many me much nine number numbers of on once one only or over please "
    "previously quarter question report reported s same see seven show six ten that the their them then there these "
    "they thing this those three to too two value want was we well were what what's whats when which who will with "
    "would year years you".split()
)
_COMPARE_WORDS = frozenset(
    "against another better bigger biggest both combined compare compared compares comparing comparison differ "
    "difference different differs fewer greater higher highest larger largest less lower lowest more other relative "
    "smaller smallest stack than together two versus vs worse".split()
)
_PARTIES = frozenset("companies company firm firms up".split())
_CHANGE_WORDS = frozenset(
    "change changed changes changing decline declined decrease decreased decreases develop developed drop dropped "
    "evolve evolved fall fallen fell grew grow growing grown growth improve improved increase increased increases "
    "percent percentage rise risen rose".split()
)
OPERATION_WORDS = frozenset(
    "annual average cagr change combined compound cumulative difference growth mean median overall rate sum total "
    "trend".split()
)
EXTREMES = frozenset("best biggest fewest greatest highest largest least lowest most smallest worst".split())
_KINDS: dict[Kind, frozenset[str]] = {
    "nothing": _SAY_NOTHING,
    "comparison": _SAY_NOTHING | _PARTIES | _COMPARE_WORDS,
    "change": _SAY_NOTHING | _PARTIES | _COMPARE_WORDS | _CHANGE_WORDS,
    "operation": _SAY_NOTHING | OPERATION_WORDS,
    "extreme": _SAY_NOTHING | EXTREMES,
}
_NEEDED: dict[Kind, frozenset[str]] = {
    "comparison": _COMPARE_WORDS,
    "change": _COMPARE_WORDS | _CHANGE_WORDS,
    "operation": OPERATION_WORDS,
    "extreme": EXTREMES,
}


def has_only(text: str, kind: Kind) -> bool:
    """Return whether a text has no words but those of a kind, and one that makes the kind."""
    words = set(normal_words(text))
    return words <= _KINDS[kind] and (kind == "nothing" or bool(words & _NEEDED[kind]))
