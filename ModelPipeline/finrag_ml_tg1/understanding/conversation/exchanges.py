"""Follow-ups that ask the same of something else: a year, a company, a part, an operation, a report."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.conversation import phrases as said
from finrag_ml_tg1.understanding.conversation import templates as made
from finrag_ml_tg1.understanding.conversation.leaning import Leaning

__all__ = ["exchange", "operation", "report"]

_BY_AXIS = re.compile(
    r"\b(?:by|per)\s+(?:\w+\s+)?(?:segment|product|region|geograph\w+|country|category|division|area)s?\b",
    re.IGNORECASE,
)


def exchange(leaning: Leaning) -> str | None:
    """Return the question meant by a follow-up, None for one of another kind: "and in 2022?", "what about Microsoft?", "by region?": the question before with something else in its place."""
    frame, turn = leaning.frame, leaning.turn
    breakdown = said.BREAKDOWN.match(leaning.body)
    if breakdown:
        by = breakdown["by"]
        if _BY_AXIS.search(frame.text):
            return _BY_AXIS.sub(by, frame.text, count=1)
        if frame.metrics and frame.companies:
            return made.appended(f"Break down {made.measure_of(frame)} {by}?", made.period_of(frame))
        return made.appended(frame.text, by)
    if said.RELATES.match(leaning.body):
        return made.appended(frame.text, leaning.body.rstrip("?. !"))
    if turn.metrics or not said.has_only(leaning.rest, "nothing") or said.REPORT.search(leaning.body):
        return None
    if not frame.companies and frame.metrics and turn.companies:
        return made.with_metric(frame, turn.distinct, frame.metric, leaning.period)
    return made.with_slots(frame, turn.distinct, leaning.period)


def operation(leaning: Leaning) -> str | None:
    """Return the question meant by a follow-up, None for one of another kind: "what's the average?", "and the lowest?": something else done with the same numbers."""
    frame, rest = leaning.frame, leaning.rest
    if leaning.turn.metrics or leaning.turn.companies or not frame.metrics:
        return None
    extreme = said.EXTREME.search(rest)
    if extreme and said.has_only(rest, "extreme") and said.EXTREME.search(frame.text):
        text = said.EXTREME.sub(extreme.group(), frame.text, count=1)
        return text
    if said.has_only(rest, "operation") and frame.companies:
        what = " ".join(word for word in re.findall(r"[\w-]+", rest) if word.lower() in said.OPERATION_WORDS)
        period = leaning.period or made.period_of(frame)
        return made.appended(f"What was the {what} of {made.measure_of(frame)}?", period)
    return None


def report(leaning: Leaning) -> str | None:
    """Return the question meant by a follow-up, None for one of another kind: "and Item 1A?", "and the 10-K for 2023?": the same of another report or item."""
    frame = leaning.frame
    own = [match.group() for match in said.REPORT.finditer(leaning.body)]
    if not own or leaning.turn.metrics or not said.has_only(said.REPORT.sub(" ", leaning.rest), "nothing"):
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
