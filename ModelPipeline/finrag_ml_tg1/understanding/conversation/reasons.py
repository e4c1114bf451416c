"""Follow-ups that ask why, or for more of the same."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.conversation import phrases as said
from finrag_ml_tg1.understanding.conversation import templates as made
from finrag_ml_tg1.understanding.conversation.change_words import change_word
from finrag_ml_tg1.understanding.conversation.leaning import Leaning
from finrag_ml_tg1.understanding.conversation.turns import ReadTurn

__all__ = ["reasons"]

_AUXILIARY = re.compile(r"^(?:does|do|did|is|are|was|were|has|have|had)\b", re.IGNORECASE)


def reasons(leaning: Leaning) -> str | None:
    """Return what is meant by "why?", "what drove this?", "tell me more"; None for a message of another kind."""
    frame, body = leaning.frame, leaning.body
    period = leaning.period or made.period_of(frame)
    if said.asks_more(body):
        return made.say_about(frame.distinct, made.subject_of(frame), period) if frame.companies else frame.text
    if said.asks_why(body):
        return _why(frame, period)
    if leaning.turn.companies:
        return None
    quality = said.QUALITY.search(body)
    if quality and frame.metrics and frame.companies:
        why = "Why " if body.lower().startswith("why") else ""
        asking = f"{why}was {made.measure_of(frame)} {quality['how'] or quality['so']}?"
        return made.opened(made.appended(asking, period))
    return _cause(leaning, "" if leaning.turn.period_places else period)


def _why(frame: ReadTurn, period: str) -> str:
    if frame.metrics and frame.companies:
        return made.appended(f"Why did {made.measure_of(frame)} {change_word(frame.text) or 'change'}?", period)
    text = frame.text
    return f"Why {text[0].lower()}{text[1:]}" if _AUXILIARY.match(text) else f"What are the reasons: {text}"


def _cause(leaning: Leaning, period: str) -> str | None:
    """What "this" or "the increase" is that a cause is asked of."""
    frame, body = leaning.frame, leaning.body
    cause = said.CAUSE.search(body)
    if cause is None:
        return None
    meant = made.measure_of(frame)
    if frame.metrics and frame.companies:
        is_pronoun = cause["what"].lower() in ("this", "that", "it", "these")
        meant = f"{'the change' if is_pronoun else cause['what']} in {meant}"
    return made.opened(made.appended(body[: cause.start("what")] + meant + body[cause.end("what") :], period))
