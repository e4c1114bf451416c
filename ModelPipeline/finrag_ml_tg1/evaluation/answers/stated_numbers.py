"""Numbers as an answer states them: how large, to which digit, and what stands beside them.

Written apart from the number check of the product, which is itself among what is judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

__all__ = ["StatedNumber", "Unit", "stated_numbers"]

Unit = Literal["percent", "money", "none"]

_SCALES = {
    "thousand": Decimal(10) ** 3,
    "thousands": Decimal(10) ** 3,
    "k": Decimal(10) ** 3,
    "million": Decimal(10) ** 6,
    "millions": Decimal(10) ** 6,
    "mm": Decimal(10) ** 6,
    "mn": Decimal(10) ** 6,
    "mln": Decimal(10) ** 6,
    "m": Decimal(10) ** 6,
    "billion": Decimal(10) ** 9,
    "billions": Decimal(10) ** 9,
    "bn": Decimal(10) ** 9,
    "b": Decimal(10) ** 9,
    "trillion": Decimal(10) ** 12,
    "tn": Decimal(10) ** 12,
}
_PERCENT = Decimal("0.01")
_BASIS_POINT = Decimal("0.0001")

_MONEY = r"(?:US\s?\$|USD\s?|EUR\s?|GBP\s?|[$€£¥])"
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<minus>[-−–](?={_MONEY}|[\d.]))?\s?(?P<money>{_MONEY})?\s?(?P<inner>[-−](?=[\d.]))?"
    r"(?P<paren>\((?=[\d.]))?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:\s?(?P<percent>%|percent\b|per cent\b|percentage points?\b|pp\b)|\s?(?P<points>basis points?\b|bps\b)"
    r"|[\s-]?(?P<scale>thousands?|millions?|billions?|trillion|mm|mn|mln|bn|tn|[kmb])\b)?",
    re.IGNORECASE,
)
# Marks of citations, days, items, lists, forms and quarters are digits and no amounts.
_NO_AMOUNT = re.compile(
    r"\[\d+\]"
    r"|\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?\s+\d{1,2}(?:st|nd|rd|th)?\b(?!\.\d|\s?%)"
    r"|\b\d{1,2}(?:st|nd|rd|th)?\s+(?:january|february|march|april|may|june|july|august|september|october|november"
    r"|december)\b"
    r"|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b"
    r"|\b(?:item|note|page|exhibit|section|table|step|metric|level|tier)s?\s+\d+[a-z]?\b"
    r"|\b(?:10|8)-?[kq]\b|\b[qh][1-4]\s?(?:of\s|')?(?:fy\s?)?(?:'?\d{2,4})?\b|\b[1-4]q(?:\d{2,4})?\b"
    r"|\bfy\s?'?\d{2,4}\b|'\d{2}\b"
    r"|^\s*(?:[-*•]\s*)?\(?\d{1,2}[.)](?=\s)",
    re.IGNORECASE | re.MULTILINE,
)
_YEAR = re.compile(r"(?:19|20)\d{2}")

_FALL = (
    r"(?:declin\w*|decreas\w*|drop\w*|fell|fall\w*|down|reduc\w*|los[st]|losses|loss|lower\w*|shr[aiu]nk\w*|negative)"
)
_RISE = r"(?:ris\w*|rose|increas\w*|grew|grow\w*|growth|up|gain\w*|higher|improv\w*|expand\w*|expansion)"
_BETWEEN = r"\W{1,3}(?:(?:of|by|about|approximately|roughly|around|only|just|slightly|nearly|almost|over)\W{1,3}){0,3}$"
_FALL_BEFORE = re.compile(rf"\b{_FALL}{_BETWEEN}", re.IGNORECASE)
_RISE_BEFORE = re.compile(rf"\b{_RISE}{_BETWEEN}", re.IGNORECASE)
_FALL_AFTER = re.compile(rf"\W{{1,3}}(?:(?:year\W+over\W+year|yoy)\W+)?{_FALL}\b", re.IGNORECASE)
_RISE_AFTER = re.compile(rf"\W{{1,3}}(?:(?:year\W+over\W+year|yoy)\W+)?{_RISE}\b", re.IGNORECASE)
_NEAR = 48


@dataclass(frozen=True, slots=True)
class StatedNumber:
    """A number at [start, end) of a text.

    `printed` is the size of its digits alone, `last_place` what one in the last digit is worth; `scale` is the word or
    sign behind it as a factor (percent: 0.01), None where there is none. `sign` is -1 or 1 where a sign or a word
    beside it tells, else 0; of a number in parentheses it is 0, because these are read either way.
    """

    printed: Decimal
    last_place: Decimal
    scale: Decimal | None
    unit: Unit
    sign: int
    start: int
    end: int


def stated_numbers(text: str) -> Iterator[StatedNumber]:
    """Yield the amounts of a text in order; dates, years, items, forms and citation marks are none."""
    taken = [match.span() for match in _NO_AMOUNT.finditer(text)]
    for match in _NUMBER.finditer(text):
        start, end = match.span("digits")
        if any(first < end and start < last for first, last in taken) or _is_in_word(text, match):
            continue
        number = _read(text, match)
        if not _is_year(match, number):
            yield number


def _read(text: str, match: re.Match[str]) -> StatedNumber:
    digits = match["digits"].replace(",", "")
    places = len(digits.partition(".")[2])
    if match["percent"]:
        scale: Decimal | None = _PERCENT
    elif match["points"]:
        scale = _BASIS_POINT
    else:
        scale = _SCALES[match["scale"].lower()] if match["scale"] else None
    unit: Unit = "percent" if match["percent"] or match["points"] else "money" if match["money"] else "none"
    sign = _sign(text, match)
    return StatedNumber(
        Decimal(digits), Decimal(1).scaleb(-places), scale, unit, sign, match.start("digits"), match.end()
    )


def _sign(text: str, match: re.Match[str]) -> int:
    if match["inner"] or (match["minus"] and not _is_range(text, match)):
        return -1
    before, after = text[max(0, match.start() - _NEAR) : match.start("digits")], text[match.end() : match.end() + _NEAR]
    before = before[: len(before) - (match.start("digits") - match.start())] + " "
    for pattern, place, sign in ((_FALL_BEFORE, before, -1), (_RISE_BEFORE, before, 1)):
        if pattern.search(place):
            return sign
    for pattern, place, sign in ((_FALL_AFTER, after, -1), (_RISE_AFTER, after, 1)):
        if pattern.match(place):
            return sign
    return 0


def _is_range(text: str, match: re.Match[str]) -> bool:
    """Whether a dash joins two numbers, or a word and a number: "2017-2019", "FY-2019"."""
    before = text[: match.start("minus")]
    return bool(before) and (before[-1].isalnum() or before[-1] in "%)")


def _is_in_word(text: str, match: re.Match[str]) -> bool:
    """Whether the digits belong to a name: "COVID19", "B2B"."""
    before, after = text[: match.start("digits")][-1:], text[match.end() : match.end() + 1]
    return (before.isalpha() and not match["money"]) or (after.isalpha() and not match["scale"] and after not in "xX")


def _is_year(match: re.Match[str], number: StatedNumber) -> bool:
    return bool(_YEAR.fullmatch(match["digits"])) and number.unit == "none" and number.scale is None
