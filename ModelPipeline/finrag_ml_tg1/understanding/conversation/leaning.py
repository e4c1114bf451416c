"""A message beside the question it leans on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from finrag_ml_tg1.understanding.conversation import phrases as said
from finrag_ml_tg1.understanding.conversation.period_places import find_shift, in_words
from finrag_ml_tg1.understanding.conversation.turns import NamedCompany, ReadTurn
from finrag_ml_tg1.understanding.part_of_year import ORDINALS
from finrag_ml_tg1.understanding.periods import Periods

__all__ = ["Leaning", "completed_period", "read_leaning"]

_WHOLE = re.compile(
    r"\b10-?k\b|\bannual\s+report\b|\b(?:full|whole|entire|all\s+of)\b|\bfiscal\s+year\b", re.IGNORECASE
)
_OTHER_QUARTER = re.compile(rf"(?:(?:in|for)\s+)?(?:the\s+)?({'|'.join(ORDINALS)})(?:\s+one)?[\s?.!]*", re.IGNORECASE)
_QUARTERS = ("Q1", "Q2", "Q3", "Q4", "H1", "H2", "9M")


@dataclass(frozen=True, slots=True)
class Leaning:
    """A message beside the question it leans on, `frame`, and the one before that asked of others, `earlier`.

    `body` is what it says after the `opening_words` that only join it, `rest` that without companies and periods;
    `period` are its own periods as words, "" without any.
    """

    frame: ReadTurn
    earlier: ReadTurn | None
    turn: ReadTurn
    body: str
    rest: str
    period: str
    is_going_on: bool
    opening_words: str

    @property
    def companies(self) -> tuple[NamedCompany, ...]:
        """The companies asked about: its own, or those of the question before."""
        return self.turn.distinct or self.frame.distinct


def read_leaning(frame: ReadTurn, earlier: ReadTurn | None, turn: ReadTurn) -> Leaning:
    """Return a message beside what it leans on; a period told from another one is worked out."""
    opening = said.read_opening(turn.text)
    bare = turn.bare()
    period = turn.period
    shift = find_shift(turn.text)
    other = _OTHER_QUARTER.fullmatch(turn.text[opening.length :])
    if other and frame.periods.fiscal_period in _QUARTERS[:4]:
        period = in_words(frame.periods.years, f"Q{ORDINALS[other[1].lower()]}") if frame.periods.years else ""
        bare = bare[: opening.length]
    if shift:
        told = shift.words_from(_of_part(frame.periods, turn.periods.fiscal_period))
        if not turn.periods.years and (not turn.period_places or shift.unit == "year"):
            period = told or bare[shift.start : shift.end]
        bare = bare[: shift.start] + " " * (shift.end - shift.start) + bare[shift.end :]
    if turn.period_places and (turn.periods.years or not shift):
        period = completed_period(frame, turn)
    rest = " ".join(bare[opening.length :].split())
    rest = said.TRAILING.sub("", rest)
    body = said.TRAILING.sub("", turn.text[opening.length :])
    opening_words = turn.text[: opening.length].strip(" ,").lower()
    return Leaning(frame, earlier, turn, body, rest, period, opening.is_going_on, opening_words)


def _of_part(periods: Periods, part: str) -> Periods:
    return replace(periods, fiscal_period=part) if part != "FY" else periods


def completed_period(frame: ReadTurn, turn: ReadTurn) -> str:
    """Return the periods of a message; a part of a year is one of the year asked before, and the reverse."""
    years, part = turn.periods.years, turn.periods.fiscal_period
    before = frame.periods
    if part != "FY" and not years and before.years:
        return in_words(before.years, part)
    is_same_part = part == "FY" and before.fiscal_period in _QUARTERS and len(years) > 0
    is_whole = _WHOLE.search(turn.text)
    if is_same_part and not is_whole and turn.periods.latest == 1:
        return in_words(years, before.fiscal_period)
    return turn.period
