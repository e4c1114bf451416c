"""Questions about another company that leave out what is asked of it: "why did Nike's fall?"."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.conversation import phrases as said
from finrag_ml_tg1.understanding.conversation import templates as made
from finrag_ml_tg1.understanding.conversation.leaning import Leaning
from finrag_ml_tg1.understanding.conversation.turns import ReadTurn

__all__ = ["LEFT_OPEN", "is_left_open", "is_ownerless", "of_the_same"]

_NO_NOUN = re.compile(
    r"\s*(?:[?.!]|$)|\s+(?:(?:fall|grow|ris|drop|declin|increas|decreas|chang|improv|shrink|jump|fell|grew|rose|go|went|compare)\w*|"
    r"is|was|were|are|in|for|during|so|too|also|as)\b",
    re.IGNORECASE,
)
LEFT_OPEN = re.compile(r"(?<=\s)(?:(?P<any>any\b\s*)|(?:this|that|it|them|those|these))(?=[\s?.!]*$)", re.IGNORECASE)
_MOST_OPEN_WORDS = 6


def is_left_open(turn: ReadTurn) -> bool:
    """Return whether a short question about another company ends on "any" or "that": "Does Boeing name any?"."""
    return (
        len(turn.bare().split()) <= _MOST_OPEN_WORDS and LEFT_OPEN.search(said.TRAILING.sub("", turn.text)) is not None
    )


def is_ownerless(turn: ReadTurn) -> bool:
    """Return whether a company is said to own what is not said: "why did Nike's fall?"."""
    end = turn.companies[-1].end
    is_owner = turn.text[:end].endswith(("'s", "'"))
    return is_owner and _NO_NOUN.match(turn.text, end) is not None


def of_the_same(leaning: Leaning) -> str:
    """Return an ownerless question with the metric asked for before as what is owned."""
    frame, end = leaning.frame, leaning.turn.companies[-1].end
    start = said.read_opening(leaning.turn.text).length
    text = f"{leaning.turn.text[start:end]} {frame.metric}{leaning.turn.text[end:]}"
    return made.opened(
        made.appended(text, "" if leaning.turn.period_places else leaning.period or made.period_of(frame))
    )
