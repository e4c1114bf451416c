"""Whether a number agrees with a piece of evidence: its value as rounded, its unit and scale, its sign, its year."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from finrag_ml_tg1.answering.number_evidence import Evidence
from finrag_ml_tg1.answering.number_signs import names_fall, names_outflow
from finrag_ml_tg1.answering.number_units import NumberKind, WrittenNumber
from finrag_ml_tg1.answering.placed_number import PlacedNumber

__all__ = ["agrees", "decisive", "fits_sign", "is_of_another_year", "last_place", "powers_of"]

_ABOUT = re.compile(r"(?:\b(?:about|approximately|approx\.?|roughly|around|some|circa|near)|~|≈)\s?$", re.IGNORECASE)
_OVER = re.compile(r"\b(?:over|more than|above|at least|exceed(?:ed|ing|s)?|in excess of)\s?$", re.IGNORECASE)
_UNDER = re.compile(r"\b(?:nearly|almost|under|less than|below|just short of|up to|close to)\s?$", re.IGNORECASE)
_CLAUSE = re.compile(r"[;,:]\s")
_TELLING_DIGITS = 3
_FIRST_DIGIT_SHARE = Decimal("0.05")
_RATIOS: tuple[NumberKind, ...] = ("percent", "points", "basis points")


def powers_of(part: PlacedNumber) -> tuple[int, ...]:
    """Return the powers of ten that a number may be of: the one said, or those that its table states."""
    number = part.number
    if number.power is not None:
        return (number.power,)
    takes_scale = part.is_cell and number.kind in ("plain", "money", "shares")
    return (0, *part.powers) if takes_scale else (0,)


def last_place(number: WrittenNumber, power: int, *, coarse: bool) -> Decimal:
    """Return the unit of the last digit shown; `coarse` takes zeros at the end of a whole number for rounding."""
    zeros = 0
    if coarse and not number.places and number.significant >= 2:
        digits = f"{number.digits:f}"
        zeros = len(digits) - len(digits.rstrip("0"))
    return Decimal(1).scaleb(power - number.places + zeros)


def decisive(part: PlacedNumber, near: Sequence[Evidence]) -> list[Evidence]:
    """Return the evidence of a number's value that fits its unit: facts where one has it, else what texts print."""
    fitting = [known for known in near if _fits_kind(part, known)]
    facts = [known for known in fitting if known.is_fact]
    has_fact = any(known.is_fact for known in near) and part.number.significant >= _TELLING_DIGITS
    return facts if facts or has_fact else fitting


def agrees(part: PlacedNumber, known: Evidence) -> bool:
    """Return whether the value rounds to the number as written, cut off where the words say "over" or "nearly"."""
    return any(_agrees_at(part, known, power) for power in powers_of(part))


def _agrees_at(part: PlacedNumber, known: Evidence, power: int) -> bool:
    number, value = part.number, known.value
    shown = number.digits.scaleb(power)
    if shown == value:
        return True
    if known.reading == "guessed" or (known.reading == "as printed" and not number.places):
        return False
    before = part.words if not part.is_cell else ""
    unit = last_place(number, power, coarse=False)
    if _OVER.search(before):
        return 0 <= value - shown < unit
    if _UNDER.search(before):
        return 0 <= shown - value < unit
    tolerance = last_place(number, power, coarse=bool(_ABOUT.search(before))) / 2
    if number.significant < 2 and number.kind not in _RATIOS:
        tolerance = min(tolerance, value * _FIRST_DIGIT_SHARE)
    return abs(value - shown) <= tolerance


def _fits_kind(part: PlacedNumber, known: Evidence) -> bool:
    """Whether a number's unit is that of its evidence; a bare cell of a table may have several."""
    kind = part.number.kind
    if part.number.currency and known.currency and part.number.currency != known.currency:
        return False
    if not _fits_reading(part, known):
        return False
    if kind == known.kind:
        return True
    if known.is_bare:
        return known.may_be_percent if kind in _RATIOS else known.may_be_shares or kind != "shares"
    if kind == "plain":
        return known.kind not in _RATIOS or part.is_cell
    return known.kind == "plain" and kind in ("shares", "times", "days")


def _fits_reading(part: PlacedNumber, known: Evidence) -> bool:
    """Whether the scale a cell was read at is one for this number.

    Quoted as printed beside a stated scale, an amount is another amount, but for amounts a share.
    """
    number = part.number
    if known.reading == "as printed":
        return number.power is None and (number.kind != "money" or number.places > 0 or part.is_cell)
    return known.reading != "of shares" or number.kind != "money"


def fits_sign(part: PlacedNumber, known: Evidence) -> bool:
    """Return whether the sign that a number has, or that the words give it, is none but its evidence's."""
    if part.number.is_negative:
        return known.sign in ("negative", "either")
    if part.direction:
        return known.sign != ("positive" if part.direction == "down" else "negative")
    if known.sign != "negative" or not known.is_explicit or known.is_outflow or not known.is_signed:
        return True
    words = part.words if part.is_cell else _CLAUSE.split(part.words)[-1]
    return names_fall(words) or names_outflow(words)


def is_of_another_year(part: PlacedNumber, known: Evidence) -> bool:
    """Return whether the year said is none of the evidence's: of a date the date's, else the fiscal year."""
    if part.year is None:
        return not (known.years | known.fiscal_years) & {other for years in part.years for other in years}
    return part.year.year not in (known.years if part.year.is_date else known.fiscal_years)
