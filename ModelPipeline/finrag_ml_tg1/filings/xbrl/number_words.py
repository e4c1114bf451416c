"""English number words, as the SEC's rule `numwordsen` reads them: "no", "two thousand five hundred and six"."""

from __future__ import annotations

import re

from finrag_ml_tg1.filings.xbrl.issues import Unreadable

__all__ = ["number_from_words"]

_SMALL = {
    word: value
    for value, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen".split(),
        start=1,
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_SCALES = {
    word: 1000**power
    for power, word in enumerate("thousand million billion trillion quadrillion quintillion".split(), start=1)
}
_ZERO = frozenset(("no", "none", "zero"))
_SEPARATORS = re.compile(r"[\s,\u058a\u05be\u2010-\u2015\ufe58\ufe63\uff0d-]+")


def number_from_words(text: str) -> int:
    """Return the whole number the words say; Unreadable when they are no well-formed English number."""
    words = _SEPARATORS.split(text.strip().lower())
    if len(words) == 1 and words[0] in _ZERO:
        return 0
    if words[0] == "and" or words[-1] == "and":
        raise Unreadable("the words are no number")
    words = [word for word in words if word != "and"]
    total, smallest_scale = 0, 1000 ** (len(_SCALES) + 1)
    group: list[str] = []
    for word in words:
        if word in _SCALES:
            if _SCALES[word] >= smallest_scale:
                raise Unreadable("the words are no number")
            smallest_scale = _SCALES[word]
            total += _below_thousand(group) * smallest_scale
            group = []
        else:
            group.append(word)
    if group or not total:
        total += _below_thousand(group)
    return total


def _below_thousand(words: list[str]) -> int:
    """Return the value of [1–19 hundred] [tens] [ones]; "twelve hundred" counts as English does."""
    value, rest = 0, list(words)
    if len(rest) > 1 and rest[1] == "hundred" and rest[0] in _SMALL:
        value, rest = 100 * _SMALL[rest[0]], rest[2:]
        if not rest:
            return value
    if rest and rest[0] in _TENS:
        value, rest = value + _TENS[rest[0]], rest[1:]
        if not rest:
            return value
        if _SMALL.get(rest[0], 10) > 9:
            raise Unreadable("the words are no number")
    if len(rest) != 1 or rest[0] not in _SMALL:
        raise Unreadable("the words are no number")
    return value + _SMALL[rest[0]]
