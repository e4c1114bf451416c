"""Which unit a number in a table is of, and the power of ten it is printed in: what is nearest to it says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from finrag_ml_tg1.filings.tabular.numbers import PrintedNumber
from finrag_ml_tg1.filings.tabular.units import Units, units_in

__all__ = ["heads_percentages", "unit_of"]

_SYMBOLS = {"€": "EUR", "£": "GBP", "¥": "JPY", "C$": "CAD"}

_PRICED = re.compile(r"\([^)]*\d[^)]*\)|\$\s?[\d.]+\s+(?:par value\s+)?per\s+(?:\w+\s+)?share", re.IGNORECASE)
_PER_SHARE = re.compile(
    r"\bper[ -](?:\w+[ -]){0,3}?(?:shares?|units?|rsus?|psus?|options?|ads)\b|\beps\b",
    re.IGNORECASE,
)
_STOCK_LINE = re.compile(r"par value|stated value|\bauthorized\b|treasury|\bat cost\b", re.IGNORECASE)
_SHARE_COUNT = re.compile(
    r"\bweighted[- ]average\b.*\b(?:shares?|outstanding|basic|diluted|units)\b|\bshares? used\b|"
    r"\b(?:number of|average|basic|diluted|dilutive|total|common) (?:\w+ )?shares\b|"
    r"\bshares (?:issued|outstanding|authorized|repurchased|purchased|held|of common)\b|"
    r"^\W*shares?\W*$|\bin shares\b|\bunits outstanding\b|\bcommon shares outstanding\b|"
    r"^shares at\b|\bshares?\b[^|]*\boutstanding\b|\b(?:shares|units) under\b|"
    r"^\W*(?:\w+ )?(?:options|awards|units|rsus|psus)(?: outstanding)?\W*$",
    re.IGNORECASE,
)
_QUOTIENT = re.compile(r"^(?:\W*\b\w+\b){0,6}?\W*(?:earnings|income|loss|dividends?)\b[^|]*?\bper\b", re.IGNORECASE)
_MONEY_OF_SHARES = re.compile(
    r"\b(?:proceeds|payments?|repurchases?|purchases?|issuances?|dividends?|cost|value|compensation|tax(?:es)?|"
    r"net (?:income|earnings|loss))\b",
    re.IGNORECASE,
)
_COUNT = re.compile(r"\bnumber of\b", re.IGNORECASE)
_IN_SHARES = re.compile(r"\bin shares\b|^\W*shares? \w+\W*$", re.IGNORECASE)
_USED_FOR = re.compile(r"\b(?:used|for)\b.*\bper\b", re.IGNORECASE)
_PERCENT_HEAD = re.compile(r"%|\bper ?cent(?:age)?s?\b", re.IGNORECASE)
_PRICE = re.compile(r"\b(?:exercise|share|stock|grant) price\b|\bgrant[- ]date fair value\b", re.IGNORECASE)
_RATE = re.compile(r"(?<!exchange )\brates?\W*$|\bpercentages?\W*$", re.IGNORECASE)
_AMOUNT_HEAD = re.compile(r"\b(?:amounts?|value|cost|dollars)\b|^\$$", re.IGNORECASE)
# More shares than any registrant has: a count that comes to so many is printed in full, whatever the line says.
_MOST_SHARES = Decimal(50_000_000_000)
# More dollars than any amount a filing shows: what comes to so many without a "$" counts something else.
_MOST_MONEY = Decimal(10) ** 14
# A change of a hundredfold is printed as a percentage; more is an amount in a column headed by two things.
_MOST_PERCENT = 10_000


def heads_percentages(heading: str) -> bool:
    """Return whether a column's heading says that its numbers are percentages."""
    return _PERCENT_HEAD.search(heading) is not None


def unit_of(number: PrintedNumber, labels: Sequence[str], headings: Sequence[str], units: Units) -> tuple[str, int]:
    """Return a number's unit and the power of ten its printed value is in.

    `labels` are the row's label and the sections over it, innermost first; `headings` the header cells over it. What
    is nearest decides: the sign in the cell, the column's heading, then the labels from the inside out. Percentages
    are "pure" with power -2.
    """
    if number.suffix:
        return "pure", {"%": -2, "pts": -2, "bps": -4}.get(number.suffix, 0)
    currency = _SYMBOLS.get(number.symbol, units.currency)
    own = next((found for words in (*headings, *labels) if (found := units_in(words))), None)
    stated = own or units
    if number.power:
        return currency, number.power
    heading = " ".join(words for words in headings if not units_in(words))
    for place, words in enumerate((heading, *labels)):
        decided = _unit_said(words, number, currency, stated, is_near=place < 2, is_own=own is not None)
        if decided:
            return decided
    is_small = abs(number.value) < _MOST_PERCENT
    if not number.symbol and ((is_small and heads_percentages(heading)) or _is_rate(number, labels)):
        return "pure", -2
    is_money = bool(number.symbol) or stated.is_money
    is_too_much = not number.symbol and abs(number.value).scaleb(stated.money) > _MOST_MONEY
    return (currency, stated.money) if is_money and not is_too_much else ("pure", 0)


def _unit_said(
    words: str, number: PrintedNumber, currency: str, units: Units, *, is_near: bool, is_own: bool
) -> tuple[str, int] | None:
    """The unit that a heading or label gives its numbers; `is_own`: the units are stated for this row or column."""
    kind = _kind_of(words)
    # A section over "Net income" and "Shares" may be named for the quotient, which is printed with cents.
    if kind == "per share" and (is_near or number.is_dash or _has_decimals(number)):
        return f"{currency}/shares", 0
    if kind == "shares" and not number.symbol:
        is_whole = not is_own and abs(number.value).scaleb(units.shares) > _MOST_SHARES
        return "shares", 0 if is_whole else units.shares
    if kind == "count" and not number.symbol:
        return "pure", 0
    return (currency, units.money) if kind == "money" else None


def _has_decimals(number: PrintedNumber) -> bool:
    return number.value != number.value.to_integral_value() or "." in str(number.value)


def _is_rate(number: PrintedNumber, labels: Sequence[str]) -> bool:
    """Whether a number without a percent sign is a percentage all the same: the sign stands on the first row alone."""
    return _has_decimals(number) and abs(number.value) <= 100 and any(_RATE.search(label) for label in labels)


# A label is asked for each of its numbers.
@lru_cache(maxsize=4096)
def _kind_of(words: str) -> Literal["per share", "shares", "count", "money", ""]:
    bare = _PRICED.sub(" ", words)
    if _STOCK_LINE.search(words) and not _IN_SHARES.search(words):
        return "money"
    is_count = _SHARE_COUNT.search(bare) is not None
    is_quotient = _PER_SHARE.search(bare) is not None and not _USED_FOR.search(bare)
    if _PRICE.search(bare) or (is_quotient and (not is_count or _QUOTIENT.match(bare))):
        return "per share"
    if is_count and not _MONEY_OF_SHARES.search(bare):
        return "shares"
    if _COUNT.search(bare):
        return "count"
    return "money" if _AMOUNT_HEAD.fullmatch(bare.strip()) else ""
