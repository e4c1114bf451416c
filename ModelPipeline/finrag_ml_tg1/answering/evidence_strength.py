"""How strongly passages speak to a question: whether it is answered from them, or said that they hold no answer.

The weights and limits are calibrated on the development half of benchmarks/questions/abstention.jsonl, and measured on
the other half (docs/evaluation/answers.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.index.reader import PassageRecord

__all__ = ["is_enough"]

_SENTENCE_SHARE = 0.5
_WORDS_SHARE = 0.15
_LEAST = 0.64
# Without a company named something like the question stands somewhere in every large index.
_LEAST_OF_ALL_COMPANIES = 0.84


def is_enough(
    topic: Topic,
    passages: Sequence[PassageRecord],
    likeness: Sequence[float],
    likest_sentence: float,
    *,
    names_company: bool,
) -> bool:
    """Return whether the passages can answer.

    `likeness` are the cosines of the passages with the question, `likest_sentence` the greatest of their sentences. A
    passage of an item that is asked for as a whole is an answer by its place.
    """
    if any(passage.item in topic.whole_items for passage in passages):
        return True
    if not passages or not topic.weights:
        return False
    words = max(topic.word_share(f"{passage.heading} {passage.lead} {passage.text}") for passage in passages)
    strength = max(likeness) + _SENTENCE_SHARE * likest_sentence + _WORDS_SHARE * words
    return strength >= (_LEAST if names_company else _LEAST_OF_ALL_COMPANIES)
