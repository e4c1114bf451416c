"""What number a question asks for, and of which periods: made by understanding, carried out by facts.

Imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

__all__ = ["Operation", "Plan", "Threshold", "Wording"]

Operation = Literal[
    "lookup", "change", "growth", "cagr", "average", "sum", "trend", "ranking", "share", "threshold", "breakdown",
    "difference", "multiple", "together",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value to compare with: in the base unit, or with `is_share` a ratio; whether more than it is asked for or less.

    With `is_reached` the value itself is enough.
    """

    value: Decimal
    is_above: bool
    is_share: bool = False
    is_reached: bool = False

    def is_met_by(self, value: Decimal) -> bool:
        """Return whether a value is on the side asked for."""
        if value == self.value:
            return self.is_reached
        return (value > self.value) == self.is_above


@dataclass(frozen=True, slots=True)
class Wording:
    """The words asked with, in lower case, "," where a pause is; where in them metrics are named: (name, start, end).

    `beside` are the places next to a metric or joined to one, where a single word may name a part of it.
    """

    words: tuple[str, ...] = ()
    mentions: tuple[tuple[str, int, int], ...] = ()
    beside: frozenset[int] = frozenset()

    def outside_mentions(self) -> list[str]:
        """Return the words outside the names of metrics, in order."""
        own = {place for _, start, end in self.mentions for place in range(start, end)}
        return [word for place, word in enumerate(self.words) if place not in own]


@dataclass(frozen=True, slots=True)
class Plan:
    """A question for numbers.

    `metrics` are registered names in the order asked; with a `formula` over them (see vocabulary.formulas) it is its
    result that is asked for.

    What beside the metrics tells which number is meant: `qualifier` are the words next to one that have to name a
    segment, product, place or customer, `loose` those that stand elsewhere; `line_item` are the metrics' words with the
    qualifier, `phrase` all that tell, `label` all that the name of a line may have. `wording` are all words, as the
    filer's own names may hold any. `axis` is the word a breakdown is asked by.

    `years` are as named, ascending; without any, the `latest` ones are meant. `up_to_latest`: the latest year is meant
    too, or with "each" all years from the first named on. `of_each_year`: a growth is asked for from each year's year
    before, not from the first year to the last. `years_ago` is how far before the latest the one year meant is.
    `fiscal_period` is "FY", "Q1" to "Q4", "H1", "H2", "9M", "Q" for the latest quarter, or "quarters" for each.

    How the result is wanted: `as_shares` the parts of a breakdown as such; `asks_extreme` the largest, or the smallest
    with `asks_lowest`; `limit` is how many of a ranking (0: all), `place` the only one of it ("second highest"),
    `ranked_by` what orders it if not the values themselves; `compares` whether the first metric or company has more or
    less than the second, while a "difference" or "multiple" is of the first value and the second, in the order named
    unless `is_reversed`; `shown_as` is how a ratio or its change is written; `currency` and `places` as asked for.
    `supports_words`: sentences answer, the numbers stand beside them.

    With `obstacle` no number can answer, and it says why.
    """

    operation: Operation
    metrics: tuple[str, ...] = ()
    formula: str = ""
    line_item: str = ""
    qualifier: str = ""
    loose: str = ""
    phrase: str = ""
    label: str = ""
    wording: Wording = Wording()
    axis: str = ""
    years: tuple[int, ...] = ()
    latest: int = 1
    up_to_latest: Literal["", "each", "ends"] = ""
    of_each_year: bool = False
    years_ago: int = 0
    fiscal_period: str = "FY"
    threshold: Threshold | None = None
    as_shares: bool = False
    asks_extreme: bool = False
    asks_lowest: bool = False
    limit: int = 0
    compares: Literal["", "more", "less"] = ""
    ranked_by: Literal["", "growth", "change"] = ""
    place: int = 0
    is_reversed: bool = False
    shown_as: Literal["", "times", "basis points"] = ""
    currency: str = ""
    places: int | None = None
    as_first_reported: bool = False
    in_calendar_years: bool = False
    supports_words: bool = False
    notes: tuple[str, ...] = ()
    obstacle: str | None = None
