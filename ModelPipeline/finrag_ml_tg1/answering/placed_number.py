"""A number with what its place in a text tells of it."""

from __future__ import annotations

from dataclasses import dataclass

from finrag_ml_tg1.answering.number_signs import Direction
from finrag_ml_tg1.answering.number_units import WrittenNumber
from finrag_ml_tg1.answering.written_years import WrittenYear

__all__ = ["PlacedNumber", "Year"]

Year = tuple[int, int]
"""A year, and the fiscal year that may be meant by a date early in it."""


@dataclass(frozen=True, slots=True)
class PlacedNumber:
    """A number with what its place tells; offsets are into the whole text.

    `years` are those it is of, none when the text does not tell: each with the fiscal year that may be meant by a date
    early in it. `year` is the one said with it, at an offset from `year_start`. `powers` of ten are the scales a table
    states for bare numbers, that for money first. `words` are the row's label, or the sentence up to the number.
    """

    number: WrittenNumber
    start: int
    end: int
    years: frozenset[Year]
    year: WrittenYear | None = None
    year_start: int = 0
    powers: tuple[int, ...] = ()
    words: str = ""
    direction: Direction = ""
    is_cell: bool = False
    may_be_percent: bool = False
    may_be_shares: bool = False
