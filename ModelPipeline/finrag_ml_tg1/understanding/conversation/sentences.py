"""Whole sentences in which "its", "the company" or "it" stand for what was asked about."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.conversation import phrases as said
from finrag_ml_tg1.understanding.conversation import templates as made
from finrag_ml_tg1.understanding.conversation.change_words import CHANGE
from finrag_ml_tg1.understanding.conversation.elliptic import LEFT_OPEN
from finrag_ml_tg1.understanding.conversation.leaning import Leaning, completed_period
from finrag_ml_tg1.understanding.conversation.period_places import find_shift

__all__ = ["changed", "sentence"]

_DUE = re.compile(r"\b(?:due|maturing)[\s?.!]*$", re.IGNORECASE)
_SINGULAR = {"do": "does", "are": "is", "were": "was", "have": "has"}
_THEY = re.compile(r"\b(do|are|were|have)(?=\s+they\b)", re.IGNORECASE)


def changed(leaning: Leaning) -> str | None:
    """Return the question meant by a follow-up, None for one of another kind: "how did it change?", "did it grow in 2021?": of the measure asked for before."""
    if not leaning.frame.metrics or not leaning.frame.companies or not CHANGE.search(leaning.rest):
        return None
    if not re.search(r"\b(?:it|they|this|that|these|those)\b", leaning.body, re.IGNORECASE):
        return None
    return sentence(leaning)


def sentence(leaning: Leaning) -> str | None:
    """Return A whole sentence of which "its", "the company" or "it" stand for what was asked about, or that names nobody."""
    frame, turn = leaning.frame, leaning.turn
    period = "" if turn.period_places else leaning.period if find_shift(turn.text) else made.period_of(frame)
    body = leaning.body
    if turn.companies:
        about = made.subject_of(frame)
        return made.opened(
            made.appended(LEFT_OPEN.sub(lambda match: f"{'any ' if match['any'] else ''}{about}", body), period)
        )
    if not frame.companies:
        return made.opened(made.appended(body, period)) if leaning.is_going_on and period else None
    names_company = False
    is_of_number = bool(frame.metrics) and (
        CHANGE.search(body) is not None or said.OF_A_NUMBER.search(body) is not None
    )
    has_metric = not turn.metrics and (is_of_number or said.CHANGES.search(body) is not None)

    # "Due in 2021" would tell when, not of which year's debt.
    is_due = has_metric and _DUE.search(body) is not None

    def meant(match: re.Match[str]) -> str:
        nonlocal names_company
        kind = match.lastgroup
        is_company = kind in ("owner", "company") or (kind == "it" and not has_metric)
        if is_company and names_company:
            return match.group()
        if kind == "it" and match.group().lower() in ("this", "that", "them") and not has_metric:
            return match.group()
        if kind == "any":
            return f"any {made.subject_of(frame)}"
        names_company = names_company or is_company or kind == "it"
        if kind == "owner":
            return made.owned(frame.distinct)
        if is_company:
            return made.joined(frame.distinct)
        if kind == "it":
            return f"{made.measure_of(frame)} {period}".strip() if is_due else made.measure_of(frame)
        return made.subject_of(frame)

    shift = find_shift(body) if not turn.period_places else None
    if shift and shift.words_from(frame.periods):
        body = body[: shift.start] + " " + body[shift.end :]
    if len(frame.distinct) == 1 and not has_metric:
        body = _THEY.sub(lambda match: _SINGULAR[match[1].lower()], body)
    text = said.REFERENCES.sub(meant, body)
    if not names_company:
        text = made.appended(text, f"at {made.joined(frame.distinct)}")
    completed = completed_period(frame, turn) if turn.period_places else period
    if turn.period_places and completed != turn.period:
        text = made.appended(text, completed)
    return made.opened(made.appended(" ".join(text.split()), "" if is_due else period))
