"""Totals and their addends, and how far they may be apart by rounding alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

__all__ = ["Amount", "Footing", "PeriodAndUnit", "agrees", "last_place"]

# The first and last day, None for the first of an instant, and the currency.
PeriodAndUnit = tuple[date | None, date, str]

# Nobody prints statements in units larger than millions; an exact number may end in any number of noughts.
_PLACES_PRINTED = (6, 3)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and the power of ten of its last stated digit: 6 for millions; None where that is not stated.

    `label` is what it is called where it is printed, `char_start` where that is; None where it is not printed.
    """

    value: Decimal
    place: int | None
    label: str = ""
    char_start: int | None = None


@dataclass(frozen=True, slots=True)
class Footing:
    """A total held against the sum of its addends, each with its sign; `name` says what should be equal."""

    name: str
    period: PeriodAndUnit
    total: Amount
    addends: tuple[tuple[int, Amount], ...]

    @property
    def gap(self) -> Fraction:
        """By how much the total exceeds the sum, exact."""
        return Fraction(self.total.value) - sum(sign * Fraction(addend.value) for sign, addend in self.addends)

    @property
    def holds(self) -> bool:
        """Whether the two are equal, but for rounding."""
        return agrees(self.gap, [self.total, *(addend for _, addend in self.addends)])


def agrees(gap: Fraction, amounts: Sequence[Amount]) -> bool:
    """Return whether the gap may come from the rounding of the amounts: half a unit of the last place of each.

    Two amounts of the same place that stand for the same number are rounded alike, so they have to be equal.
    """
    if not gap:
        return True
    unstated = _common_place(amounts)
    places = [unstated if amount.place is None else amount.place for amount in amounts]
    return abs(gap) < sum(Fraction(10) ** place for place in places) / 2


def last_place(value: Decimal) -> int:
    """Return the power of ten of the last digit that the number was written with."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def _common_place(amounts: Sequence[Amount]) -> int:
    """The place all amounts seem to be rounded to, as printed statements are: millions, thousands or units."""
    values = [Fraction(amount.value) for amount in amounts]
    return next((place for place in _PLACES_PRINTED if all(value % 10**place == 0 for value in values)), 0)
