"""How strongly passages speak to a question: whether it is answered from them, or said that they hold no answer.

The weights and limits are calibrated on the development half of benchmarks/questions/abstention.jsonl, and measured on
the other half (docs/evaluation/extractive-answers.md).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.index.passage_record import PassageRecord

__all__ = ["WEAKER_BY", "evidence_strength"]

_SENTENCE_SHARE = 0.5
_WORDS_SHARE = 0.2
# A long question is like no single passage as a short one is.
_OF_EACH_WORD = 0.02
_MOST_WORDS = 6
_LEAST = 0.7
# Without a company named something like the question stands somewhere in every large index.
_LEAST_OF_ALL_COMPANIES = 1.0
_OF_WHOLE_ITEM = 1.0
# By so much weaker than another filing's, a filing's passages are of something else.
WEAKER_BY = 0.45

# What to do, and what prices will be, no report says.
_ASKS_FOR_ADVICE = re.compile(
    r"\b(?:should (?:i|we|one|a|an)\b|good (?:buy|investment|stock)|worth (?:buying|investing)|"
    r"(?:stock|shares?)(?: price)?\s+(?:be (?:worth|at|next)|reach|hit|double|triple|go (?:up|down)|rise|fall)\b|"
    r"price target)",
    re.IGNORECASE,
)
# "coca-cola's": in lower case the name of a company that is not covered passes for a word.
_OWNER = re.compile(r"\b([a-z][\w&-]{2,})['’]s\b")
_NO_NAMES = frozenset(
    "anyone bank board business client company competitor corporation country customer economy everyone firm "
    "government group industry issuer management market nation one peer people quarter regulator sector state today "
    "world year".split()
)


def evidence_strength(
    topic: Topic,
    passages: Sequence[PassageRecord],
    likeness: Sequence[float],
    likest_sentence: float,
    *,
    names_company: bool,
) -> float:
    """Return how strongly passages speak to a question; below 0 they do not answer it.

    `likeness` are the cosines of the passages with the question, `likest_sentence` the greatest of their sentences. A
    passage of an item that is asked for as a whole is an answer by its place.
    """
    if not passages or _ASKS_FOR_ADVICE.search(topic.text):
        return -math.inf
    if any(passage.item in topic.whole_items for passage in passages):
        return _OF_WHOLE_ITEM
    if not topic.weights or (not names_company and _names_another(topic.text)):
        return -math.inf
    words = max(topic.word_share(f"{passage.heading} {passage.lead} {passage.text}") for passage in passages)
    strength = max(likeness) + _SENTENCE_SHARE * likest_sentence + _WORDS_SHARE * words
    strength += _OF_EACH_WORD * min(_MOST_WORDS, len(topic.weights))
    return strength - (_LEAST if names_company else _LEAST_OF_ALL_COMPANIES)


def _names_another(question: str) -> bool:
    """Whether something is asked of an owner; a company that is covered has been taken out of the question."""
    return any(owner not in _NO_NAMES for owner in _OWNER.findall(question))
