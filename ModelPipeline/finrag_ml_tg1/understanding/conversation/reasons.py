"""Follow-ups that ask why, or for more of the same."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.conversation import phrases as said
from finrag_ml_tg1.understanding.conversation import templates as made
from finrag_ml_tg1.understanding.conversation.change_words import change_word
from finrag_ml_tg1.understanding.conversation.leaning import Leaning

__all__ = ["reasons"]

_AUXILIARY = re.compile(r"^(?:does|do|did|is|are|was|were|has|have|had)\b", re.IGNORECASE)


def reasons(leaning: Leaning) -> str | None:
    """Return the question meant by a follow-up, None for one of another kind: "why?", "what drove this?", "what caused the increase?"."""
    frame = leaning.frame
    period = leaning.period or made.period_of(frame)
    has_measure = bool(frame.metrics and frame.companies)
    if said.asks_more(leaning.body):
        return made.say_about(frame.distinct, made.subject_of(frame), period) if frame.companies else frame.text
    if said.asks_why(leaning.body):
        if has_measure:
            change = change_word(frame.text) or "change"
            return made.appended(f"Why did {made.measure_of(frame)} {change}?", period)
        text = frame.text
        return f"Why {text[0].lower()}{text[1:]}" if _AUXILIARY.match(text) else f"What are the reasons: {text}"
    quality = said.QUALITY.search(leaning.body)
    if quality and has_measure and not leaning.turn.companies:
        how = quality["how"] or quality["so"]
        why = "Why " if leaning.body.lower().startswith("why") else ""
        return made.opened(made.appended(f"{why}was {made.measure_of(frame)} {how}?", period))
    cause = said.CAUSE.search(leaning.body)
    if cause is None or leaning.turn.companies:
        return None
    what = cause["what"]
    if has_measure:
        is_pronoun = what.lower() in ("this", "that", "it", "these")
        change = "the change" if is_pronoun else what
        meant = f"{change} in {made.measure_of(frame)}"
    else:
        meant = made.measure_of(frame)
    body = leaning.body[: cause.start("what")] + meant + leaning.body[cause.end("what") :]
    return made.opened(made.appended(body, "" if leaning.turn.period_places else period))
