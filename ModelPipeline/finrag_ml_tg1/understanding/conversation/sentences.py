"""Whole sentences in which "its", "the company" or "it" stand for what was asked about."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.conversation import phrases as said
from finrag_ml_tg1.understanding.conversation import templates as made
from finrag_ml_tg1.understanding.conversation.change_words import CHANGE
from finrag_ml_tg1.understanding.conversation.elliptic import LEFT_OPEN
from finrag_ml_tg1.understanding.conversation.leaning import Leaning, completed_period
from finrag_ml_tg1.understanding.conversation.period_places import find_shift
from finrag_ml_tg1.understanding.conversation.turns import ReadTurn

__all__ = ["changed", "sentence"]

_DUE = re.compile(r"\b(?:due|maturing)[\s?.!]*$", re.IGNORECASE)
_SINGULAR = {"do": "does", "are": "is", "were": "was", "have": "has"}
_PRONOUN = re.compile(r"\b(?:it|they|this|that|these|those)\b", re.IGNORECASE)
_COPULA = re.compile(r"\b(?:is|was|are|were)\s*$", re.IGNORECASE)
_THEY = re.compile(r"\b(do|are|were|have)(?=\s+they\b)", re.IGNORECASE)


def changed(leaning: Leaning) -> str | None:
    """Return what is meant by "how did it change?" of a metric asked for before, None for a message of another kind."""
    frame = leaning.frame
    is_of_metric = frame.metrics and frame.companies and CHANGE.search(leaning.rest) and _PRONOUN.search(leaning.body)
    return sentence(leaning) if is_of_metric else None


def sentence(leaning: Leaning) -> str | None:
    """Return a sentence with what "its", "the company" or "it" stand for, and with the company if it names nobody."""
    frame, turn = leaning.frame, leaning.turn
    shift = find_shift(turn.text)
    period = "" if turn.period_places else leaning.period if shift else made.period_of(frame)
    if turn.companies:
        return _ended(_with_open_end(leaning), period)
    if not frame.companies:
        return _ended(leaning.body, period) if leaning.is_going_on and period else None
    body = leaning.body
    moved = find_shift(body) if not turn.period_places else None
    if moved and moved.words_from(frame.periods):
        body = body[: moved.start] + " " + body[moved.end :]
    meaning = _Meaning(frame, of_metric=_is_of_metric(frame, turn, body))
    if meaning.of_metric and _DUE.search(body):
        # "Due in 2021" would tell when, not of which year's debt.
        meaning.period, period = period, ""
    if len(frame.distinct) == 1 and not meaning.of_metric:
        body = _THEY.sub(lambda match: _SINGULAR[match[1].lower()], body)
    text = said.REFERENCES.sub(meaning, body)
    if not meaning.names_company:
        text = made.appended(text, f"at {made.joined(frame.distinct)}")
    completed = completed_period(frame, turn) if turn.period_places else ""
    return _ended(made.appended(text, completed) if completed != turn.period else text, period)


def _is_of_metric(frame: ReadTurn, turn: ReadTurn, body: str) -> bool:
    """Whether "it" is the metric asked for before: what grows, is due or is calculated, is no company."""
    says_of_number = CHANGE.search(body) or said.OF_A_NUMBER.search(body)
    return not turn.metrics and bool((frame.metrics and says_of_number) or said.CHANGES.search(body))


def _with_open_end(leaning: Leaning) -> str:
    """A question about another company with what the "any" or "that" at its end stands for."""
    about = made.subject_of(leaning.frame)
    return LEFT_OPEN.sub(lambda match: f"any {about}" if match["any"] else about, leaning.body)


def _ended(text: str, period: str) -> str:
    return made.opened(made.appended(" ".join(text.split()), period))


class _Meaning:
    """What each reference in a sentence stands for; the company is named once, after that "it" stays."""

    def __init__(self, frame: ReadTurn, *, of_metric: bool) -> None:
        self.of_metric = of_metric
        self.period = ""
        self.names_company = False
        self._frame = frame

    def __call__(self, match: re.Match[str]) -> str:
        kind, frame = match.lastgroup, self._frame
        if kind in ("owner", "company") or (kind == "it" and not self.of_metric):
            is_thing = kind == "it" and match.group().lower() in ("this", "that", "them")
            before, after = match.string[: match.start()], match.string[match.end() :]
            is_last = not after.strip(" ?.!") and not _COPULA.search(before)
            if self.names_company or is_thing:
                return made.subject_of(frame) if is_thing and is_last else match.group()
            self.names_company = True
            return made.owned(frame.distinct) if kind == "owner" else made.joined(frame.distinct)
        if kind == "it":
            self.names_company = True
            return f"{made.measure_of(frame)} {self.period}".strip()
        subject = made.subject_of(frame)
        return f"any {subject}" if kind == "any" else subject
