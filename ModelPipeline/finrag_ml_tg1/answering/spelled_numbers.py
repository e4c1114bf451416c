"""Numbers written as words: "three", "five hundred billion dollars", "half a million", "twelvefold"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from finrag_ml_tg1.answering.number_units import SCALE, UNIT, WrittenNumber, power_of, unit_of

__all__ = ["read_spelled_numbers"]

_ONES = {word: value for value, word in enumerate("one two three four five six seven eight nine".split(), 1)}
_TEENS = {
    word: value
    for value, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), 10
    )
}
_TENS = {
    word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_VALUES: dict[str, int | Decimal] = {**_ONES, **_TEENS, **_TENS, "a": 1, "an": 1, "half": Decimal("0.5")}
# Of ASCII letters, as scales are: each word is looked up.
_BELOW_HUNDRED = (
    rf"(?:(?a:{'|'.join(_TENS)})(?:[\s-](?a:{'|'.join(_ONES)})\b)?|(?a:{'|'.join(_TEENS)})|(?a:{'|'.join(_ONES)}))"
)
_LARGE = "(?a:thousand|million|billion|trillion)"
_SPELLED = re.compile(
    rf"""(?<![\w.])(?P<count>
        (?:an?|{_BELOW_HUNDRED})[\s-](?a:hundred)\b(?:[\s-](?:and\s)?{_BELOW_HUNDRED}\b)?
      | {_BELOW_HUNDRED}(?:\sand\sa\shalf\b)?
      | (?:half\s(?:of\s)?)?an?(?=\s{_LARGE}\b) | half(?=\s{_LARGE}\b))
    (?:[\s-](?P<scale>{SCALE})(?!\w))?(?P<unit>{UNIT})?(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
_HUNDRED = 100


def read_spelled_numbers(text: str, *, bare: bool) -> Iterator[WrittenNumber]:
    """Yield the numbers in words, in order; without `bare` only those of a hundred or more, or with scale or unit.

    What is said by the verb alone, "doubled" or "halved", is not read, nor is "dozens" or "millions".
    """
    for match in _SPELLED.finditer(text):
        value = _value(match["count"])
        kind, currency = unit_of("", match["unit"] or "")
        if bare or value >= _HUNDRED or match["scale"] or kind != "plain":
            power = power_of(match["scale"]) if match["scale"] else None
            places = int(value != int(value))
            yield WrittenNumber(match.start(), match.end(), value, places, power, kind, currency, is_word=True)


def _value(count: str) -> Decimal:
    """The value of words of which none is a scale but "hundred"."""
    words = [word for word in re.split(r"[\s-]+", count.lower()) if word not in ("and", "of")]
    if words[0] == "half":
        return Decimal("0.5")
    value = Decimal(0)
    for place, word in enumerate(words):
        if word == "hundred":
            value *= _HUNDRED
        elif word != "a" or place == 0:
            value += _VALUES[word]
    return value
