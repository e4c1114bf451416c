"""A question that leans on the turns before it, as it would be asked alone.

Only what the user said decides; what was answered is never read. Nothing is carried over by a guess that cannot be
shown: the question as read is itself a question, which the user sees.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.scope import Question
from finrag_ml_tg1.understanding.conversation.phrases import is_small_talk, read_opening
from finrag_ml_tg1.understanding.conversation.rewriting import rewritten, says_all
from finrag_ml_tg1.understanding.conversation.turns import ReadTurn, TurnReader
from finrag_ml_tg1.understanding.metric_names import MetricNames

__all__ = ["FollowUps"]

# A message that leans on another is short; of a long one before it the last sentence is what was asked.
_MOST_CHARS = 400
# As many as an HTTP request holds beside their answers.
_MOST_TURNS = 10
# The question leant on, and the one before it: "compare the two".
_LEANT_ON = 2
_READINGS_KEPT = 1_024
_log = logging.getLogger(__name__)

_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


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
        # A client sends the whole conversation with each of its questions.
        self._read = lru_cache(_READINGS_KEPT)(self._reader.read)

    def standalone(self, question: Question) -> Question:
        """Return the question without its history, as it is asked alone: in other words only if it leans on it."""
        alone = replace(question, history=())
        turns = [turn.content for turn in question.history if turn.role == "user" and turn.content.strip()]
        if not turns or len(question.text) > _MOST_CHARS or question.filters.tickers:
            return alone
        talk: _Talk | None = None
        for turn in self._leading_to_now(turns[-_MOST_TURNS:]):
            talk = self._after(talk, turn)
        read = self._leaning(talk, self._read(question.text)) if talk else None
        is_rewritten = read is not None and read.text != question.text
        _log.debug("after %d turns: %s", len(turns), "read with what they ask" if is_rewritten else "stands alone")
        return replace(alone, text=read.text, as_asked=question.text) if read is not None and is_rewritten else alone

    def _leading_to_now(self, messages: Sequence[str]) -> list[ReadTurn]:
        """The messages from the last but one that says all itself: what was said before it tells nothing any more."""
        turns: list[ReadTurn] = []
        said_all = 0
        for message in reversed(messages):
            turns.insert(0, self._read(_last_sentence(message)))
            said_all += says_all(turns[0])
            if said_all == _LEANT_ON:
                break
        return turns

    def _after(self, talk: _Talk | None, read: ReadTurn) -> _Talk | None:
        """What is talked of after one more message."""
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
        text = rewritten(talk.frame, talk.earlier, turn, self._reader.vocabulary)
        if text is None:
            return None
        read = self._read(text)
        known = _keys(talk.frame) | _keys(turn) | (_keys(talk.earlier) if talk.earlier else set())
        are_meant = all(named.key in known or named.name in turn.text for named in read.companies)
        if are_meant and bool(read.companies) == bool(_keys(talk.frame) | _keys(turn)):
            return read
        earlier = talk.earlier.with_full_names() if talk.earlier else None
        text = rewritten(talk.frame.with_full_names(), earlier, turn.with_full_names(), self._reader.vocabulary)
        return self._read(text) if text else read


def _last_sentence(message: str) -> str:
    """A short message as it is, of a long one its last sentence."""
    text = message.strip()
    if len(text) > _MOST_CHARS:
        text = _SENTENCE_END.split(text[-_MOST_CHARS:])[-1]
    return text


def _keys(turn: ReadTurn) -> set[str]:
    return {named.key for named in turn.companies}


def _is_question(turn: ReadTurn) -> bool:
    """Whether a message asks something that a later one can lean on."""
    is_asking = turn.text.endswith("?") or read_opening(turn.text).is_going_on
    return bool(turn.companies or turn.metrics) or (is_asking and re.search(r"[a-z]{3}", turn.text) is not None)
