"""Numbers as people write them: value, precision, scale, unit, sign. One reading for answer and evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from finrag_ml_tg1.answering.named_numbers import without_names
from finrag_ml_tg1.answering.number_units import CURRENCY, SCALE, UNIT, WrittenNumber, power_of, unit_of
from finrag_ml_tg1.answering.spelled_numbers import read_spelled_numbers
from finrag_ml_tg1.answering.written_years import without_years

__all__ = ["JOINING", "read_numbers", "unread_digits"]

JOINING = re.compile(r"\s*(?:[-–—−+÷/×]|,?\s*to|,?\s*and|,?\s*or|,)\s*", re.IGNORECASE)
"""What stands between the numbers of a range, a list or a formula."""

_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(
    rf"""(?P<opened>\(\s?)?(?:(?<![\w)%.])(?P<minus>[-−–](?=[\d$€£¥(.U])))?(?P<currency>{CURRENCY})?\s?
    (?P<opened_late>\()?(?P<minus_late>[-−–](?<=[$€£¥(].))?
    (?:(?<![\w.])|(?<=\b(?:USD|EUR|GBP|JPY)))(?<!\d,)(?<!\d/)
    (?P<digits>{_DIGITS})(?:e(?P<exponent>[+-]?\d{{1,2}}))?(?!\d|,\d|\.\d|/\d)(?P<closed>\s?\))?
    (?:(?:\s|-)?(?P<scale>{SCALE})(?!\w)|(?P<letter>[kmb])(?!\w)
       |\s\(?(?:in\s)?(?P<stated>(?a:thousands|millions|billions))\b\)?)?
    (?P<unit>{UNIT})?(?P<closed_late>\s?\))?(?!\w)""",
    re.VERBOSE | re.IGNORECASE,
)
_TOKEN = re.compile(r"(?<![\w.,/])(?=\d*(?:\d\d|\d[.,]\d|\d/\d\d))\d[\w.,/+-]*(?<![.,/+-])")


def read_numbers(text: str, *, words: bool = False) -> list[WrittenNumber]:
    """Return the numbers of a text in order, without years and what only names something; `words` adds "three".

    Words that have a scale or a unit, or are a hundred or more, are read in any case: "five hundred billion". A number
    of a list or range has the scale and the unit said at its end: "$5 to $6 million", "between 5 and 7%".
    """
    clean = without_years(without_names(text))
    numbers = [number for match in _NUMBER.finditer(clean) if (number := _number(match, clean))]
    numbers += read_spelled_numbers(clean, bare=words)
    numbers.sort(key=lambda number: number.start)
    for place in range(len(numbers) - 2, -1, -1):
        number, following = numbers[place], numbers[place + 1]
        between = clean[number.end : following.start]
        if len(between) < 10 and number.power is None and JOINING.fullmatch(between):
            numbers[place] = _joined(number, following)
    return numbers


def unread_digits(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of words that begin with digits and are no number, year or name: "777/1000", "5.000.000".

    One digit with letters, as in "5G", is a name.
    """
    clean = without_years(without_names(text))
    for token in _TOKEN.finditer(_NUMBER.sub(lambda match: " " * len(match[0]), clean)):
        yield token.span()


def _joined(number: WrittenNumber, following: WrittenNumber) -> WrittenNumber:
    if (
        following.power is not None
        and number.kind in ("plain", "money")
        and following.kind in ("plain", "money", "shares")
    ):
        return replace(number, power=following.power, kind=following.kind if number.kind == "plain" else number.kind)
    if number.kind == "plain" and following.kind in ("percent", "points", "basis points"):
        return replace(number, kind=following.kind)
    return number


def _number(match: re.Match[str], text: str) -> WrittenNumber | None:
    digits = match["digits"]
    is_closed = bool(match["closed"] or match["closed_late"])
    opened = match["opened"] or match["opened_late"]
    is_cell = (
        "|" in text[text.rfind("\n", 0, match.start()) + 1 : match.start()][-3:]
        or text[match.end() : match.end() + 2].strip() == "|"
    )
    is_in_brackets = bool(opened and (match["closed"] or (is_closed and is_cell)))
    scale = match["scale"] or match["letter"] or match["stated"]
    exponent = match["exponent"]
    power = (power_of(scale) if scale else 0) + int(exponent or 0) if scale or exponent else None
    kind, currency = unit_of(match["currency"] or "", match["unit"] or "")
    if is_in_brackets and not is_cell and kind == "plain" and not scale and len(digits) < 3:
        return None
    named = ("minus", "currency", "minus_late", "digits")
    start = match.start() if is_in_brackets else min(match.start(name) for name in named if match[name])
    end = match.end() if is_in_brackets or not match["closed_late"] else match.start("closed_late")
    lead = len(text[start:end]) - len(text[start:end].lstrip())
    return WrittenNumber(
        start + lead,
        end,
        Decimal(digits.replace(",", "")),
        len(digits.partition(".")[2]),
        power,
        kind,
        currency,
        is_in_brackets or bool(match["minus"] or match["minus_late"]),
    )
