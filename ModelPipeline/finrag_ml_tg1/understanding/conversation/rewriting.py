"""What a message that leans on a question means, as a question of its own."""

from __future__ import annotations

from finrag_ml_tg1.understanding.conversation import phrases as said
from finrag_ml_tg1.understanding.conversation.comparing import comparison, with_names_compared
from finrag_ml_tg1.understanding.conversation.elliptic import is_left_open, is_ownerless, of_the_same
from finrag_ml_tg1.understanding.conversation.exchanges import exchange, operation, report
from finrag_ml_tg1.understanding.conversation.leaning import Leaning, read_leaning
from finrag_ml_tg1.understanding.conversation.message_words import has_only
from finrag_ml_tg1.understanding.conversation.new_subjects import new_subject
from finrag_ml_tg1.understanding.conversation.period_places import find_shift
from finrag_ml_tg1.understanding.conversation.reasons import reasons
from finrag_ml_tg1.understanding.conversation.sentences import sentence
from finrag_ml_tg1.understanding.conversation.turns import ReadTurn, Vocabulary

__all__ = ["rewritten", "says_all"]


def says_all(turn: ReadTurn) -> bool:
    """Return whether a message names whom it asks about and what, so that it leans on nothing."""
    opening = said.read_opening(turn.text)
    if not turn.companies or opening.is_going_on:
        return False
    body, rest = turn.text[opening.length :], turn.bare()[opening.length :]
    shift = find_shift(rest)
    if shift:
        rest = rest[: shift.start] + rest[shift.end :]
    is_part = (
        is_left_open(turn)
        or said.RELATES.match(body)
        or said.BREAKDOWN.match(body)
        or (not turn.metrics and is_ownerless(turn))
    )
    words = said.REPORT.sub(" ", rest)
    has_subject = turn.metrics or not (has_only(words, "nothing") or has_only(words, "change"))
    return bool(has_subject and not is_part)


def rewritten(frame: ReadTurn, earlier: ReadTurn | None, turn: ReadTurn, vocabulary: Vocabulary) -> str | None:
    """Return what a message asks after a question, as one that stands for itself; None when it does already.

    `earlier` is the question before `frame` that asked the same of others or of another year, if one did.
    """
    if said.is_small_talk(turn.text) or says_all(turn):
        return None
    turn = with_names_compared(turn)
    leaning = read_leaning(frame, earlier, turn)
    asks_of_all = said.ASKS_OF_ALL.search(turn.text) is not None and not has_only(leaning.rest, "comparison")
    if asks_of_all and not turn.companies:
        return None
    texts = (form(leaning) for form in (comparison, reasons, exchange, operation, report))
    return next((text for text in texts if text is not None), None) or _said_anew(leaning, vocabulary)


def _said_anew(leaning: Leaning, vocabulary: Vocabulary) -> str | None:
    """What a message with a subject of its own means after what was asked."""
    turn = leaning.turn
    if turn.companies and leaning.frame.metrics and not turn.metrics and is_ownerless(turn):
        return of_the_same(leaning)
    if turn.companies and not leaning.is_going_on:
        return sentence(leaning) if is_left_open(turn) else None
    return sentence(leaning) if said.IS_SENTENCE.match(leaning.body) else new_subject(leaning, vocabulary)
