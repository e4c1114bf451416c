"""What number a question asks for, and of which periods: made by understanding, carried out by facts.

Imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

__all__ = ["Operation", "Plan", "Threshold"]

Operation = Literal[
    "lookup", "change", "growth", "cagr", "average", "sum", "trend", "ranking", "share", "threshold", "breakdown"
]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value to compare with, in the base unit, and whether the question asks for more than it or less."""

    value: Decimal
    is_above: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A question for numbers.

    `metrics` are registered names in the order asked; with a `formula` over them (see vocabulary.formulas) it is its
    result that is asked for. `line_item` are the words that may name a line of the filing by themselves; `qualifier`
    those beside the metric that may name a segment, product, place or customer; `axis` the word a breakdown is asked
    by. `years` are as named, ascending; without any, the `latest` ones are meant. `fiscal_period` is "FY", "Q1" to
    "Q4", "H1", "9M", or "Q" for the latest quarter. `supports_words`: sentences answer, the numbers stand beside them.
    With `obstacle` no number can answer, and it says why.
    """

    operation: Operation
    metrics: tuple[str, ...] = ()
    formula: str = ""
    line_item: str = ""
    qualifier: str = ""
    axis: str = ""
    years: tuple[int, ...] = ()
    latest: int = 1
    fiscal_period: str = "FY"
    threshold: Threshold | None = None
    asks_lowest: bool = False
    as_first_reported: bool = False
    in_calendar_years: bool = False
    supports_words: bool = False
    notes: tuple[str, ...] = ()
    obstacle: str | None = None
