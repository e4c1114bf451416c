"""A question that leans on the turns before it, as it would be asked alone.

Only what the user said decides; what was answered is never read. Nothing is carried over by a guess that cannot be
shown: the question as read is itself a question, which the user sees.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.scope import Question
from finrag_ml_tg1.understanding.follow_up_rewriting import rewritten
from finrag_ml_tg1.understanding.follow_up_words import is_small_talk, read_opening
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.turn_reading import ReadTurn, TurnReader

__all__ = ["FollowUps"]

# More of a long message, or of a long conversation, is not read: it would cost time and tell nothing.
_MOST_TURNS = 20
_MOST_CHARS = 600


@dataclass(frozen=True, slots=True)
class _Talk:
    """The last question as it would be asked alone, and the one before it that asked of others or of another year."""

    frame: ReadTurn
    earlier: ReadTurn | None = None


class FollowUps:
    """Reads questions in their conversations. Safe for use from several threads."""

    def __init__(
        self,
        companies: Sequence[Company],
        metrics: MetricNames,
        appears_in_filings: Callable[[str], bool],
        is_word: Callable[[str], bool] = lambda word: False,
    ) -> None:
        """`companies` are those covered; the functions tell what words are no names of companies."""
        self._reader = TurnReader(companies, metrics, appears_in_filings, is_word)

    def standalone(self, question: Question) -> Question:
        """Return the question without its history, as it would be asked alone; its words change only if it leans on it."""
        alone = replace(question, history=())
        turns = [turn.content for turn in question.history if turn.role == "user" and turn.content.strip()]
        talk: _Talk | None = None
        for text in turns[-_MOST_TURNS:]:
            talk = self._after(talk, text[:_MOST_CHARS])
        if talk is None or question.filters.tickers:
            return alone
        read = self._leaning(talk, self._reader.read(question.text))
        return replace(alone, text=read.text) if read else alone

    def _after(self, talk: _Talk | None, text: str) -> _Talk | None:
        """What is talked of after one more message."""
        read = self._reader.read(text)
        if is_small_talk(read.text):
            return talk
        frame = (self._leaning(talk, read) if talk else None) or read
        if not _is_question(frame):
            return talk
        if talk is None:
            return _Talk(frame)
        before = talk.frame
        is_other = bool(_keys(frame) - _keys(before) or frame.periods.years != before.periods.years)
        return _Talk(frame, before if is_other and len(_keys(frame)) <= 1 else talk.earlier)

    def _leaning(self, talk: _Talk, turn: ReadTurn) -> ReadTurn | None:
        """The message as it would be asked alone, None when it says all itself.

        Where the rewritten words are not read as naming the companies meant, these are called by their full names.
        """
        text = rewritten(talk.frame, talk.earlier, turn, self._reader.is_word)
        if text is None:
            return None
        read = self._reader.read(text)
        known = _keys(talk.frame) | _keys(turn) | (_keys(talk.earlier) if talk.earlier else set())
        if _keys(read) <= known and bool(read.companies) == bool(_keys(talk.frame) | _keys(turn)):
            return read
        earlier = talk.earlier.with_full_names() if talk.earlier else None
        text = rewritten(talk.frame.with_full_names(), earlier, turn.with_full_names(), self._reader.is_word)
        return self._reader.read(text) if text else read


def _keys(turn: ReadTurn) -> set[str]:
    return {named.key for named in turn.companies}


def _is_question(turn: ReadTurn) -> bool:
    """Whether a message asks something that a later one can lean on."""
    is_asking = turn.text.endswith("?") or read_opening(turn.text).is_going_on
    return bool(turn.companies or turn.metrics) or (is_asking and re.search(r"[a-z]{3}", turn.text) is not None)
