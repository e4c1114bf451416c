"""Follow-ups that ask the same of something else: a year, a company, a part, an operation, a report."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.conversation import phrases as said
from finrag_ml_tg1.understanding.conversation import templates as made
from finrag_ml_tg1.understanding.conversation.leaning import Leaning
from finrag_ml_tg1.understanding.conversation.message_words import OPERATION_WORDS, has_only
from finrag_ml_tg1.understanding.conversation.turns import ReadTurn

__all__ = ["exchange", "operation", "report"]

_BY_AXIS = re.compile(
    r"\b(?:by|per)\s+(?:\w+\s+)?(?:segment|product|region|geograph\w+|country|category|division|area)s?\b",
    re.IGNORECASE,
)


def exchange(leaning: Leaning) -> str | None:
    """Return what is meant by "and in 2022?", "what about Microsoft?", "by region?"; None for another message."""
    frame, turn = leaning.frame, leaning.turn
    breakdown = said.BREAKDOWN.match(leaning.body)
    if breakdown:
        return _broken_down(frame, breakdown["by"])
    if said.RELATES.match(leaning.body):
        return made.appended(frame.text, leaning.body.rstrip("?. !"))
    if turn.metrics or not has_only(leaning.rest, "nothing") or said.REPORT.search(leaning.body):
        return None
    if not frame.companies and frame.metrics and turn.companies:
        return made.with_metric(frame, turn.distinct, frame.metric, leaning.period)
    return made.with_slots(frame, turn.distinct, leaning.period)


def _broken_down(frame: ReadTurn, by: str) -> str:
    if _BY_AXIS.search(frame.text):
        return _BY_AXIS.sub(by, frame.text, count=1)
    if frame.metrics and frame.companies:
        return made.appended(f"Break down {made.measure_of(frame)} {by}?", made.period_of(frame))
    return made.appended(frame.text, by)


def operation(leaning: Leaning) -> str | None:
    """Return what is meant by "what's the average?", "and the lowest?"; None for a message of another kind."""
    frame, rest = leaning.frame, leaning.rest
    if leaning.turn.metrics or leaning.turn.companies or not frame.metrics:
        return None
    extreme = said.EXTREME.search(rest)
    if extreme and has_only(rest, "extreme") and said.EXTREME.search(frame.text):
        return said.EXTREME.sub(extreme.group(), frame.text, count=1)
    if has_only(rest, "operation") and frame.companies:
        what = " ".join(word for word in re.findall(r"[\w-]+", rest) if word.lower() in OPERATION_WORDS)
        period = leaning.period or made.period_of(frame)
        return made.appended(f"What was the {what} of {made.measure_of(frame)}?", period)
    return None


def report(leaning: Leaning) -> str | None:
    """Return what is meant by "and Item 1A?", "and the 10-K for 2023?"; None for a message of another kind."""
    frame = leaning.frame
    own = [match.group() for match in said.REPORT.finditer(leaning.body)]
    if not own or leaning.turn.metrics or not has_only(said.REPORT.sub(" ", leaning.rest), "nothing"):
        return None
    text = made.with_slots(frame, leaning.turn.distinct, leaning.period)
    for words in own:
        is_item = words.lower().startswith("item")
        same = [match for match in said.REPORT.finditer(text) if match.group().lower().startswith("item") == is_item]
        if same:
            text = text[: same[0].start()] + words + text[same[0].end() :]
        else:
            text = made.appended(text, f"in {'' if is_item else 'the '}{words}")
    return text
