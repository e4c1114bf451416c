"""Whether an answer says yes or no to its question, with either word or without."""

from __future__ import annotations

import re

from finrag_ml_tg1.evaluation.answers.asserted import read_asserted, sentences
from finrag_ml_tg1.evaluation.answers.directions import direction_of
from finrag_ml_tg1.index.lexical import split_terms

__all__ = ["polarity_of"]

_YES = re.compile(r"^\W*yes\b|\b(?:answer|conclusion)\b[^.]{0,40}\byes\b|[,:]\s*yes\b", re.IGNORECASE)
_NO = re.compile(r"^\W*no\b(?!\.\s?\d)|\b(?:answer|conclusion)\b[^.]{0,40}\bno\b|[,:]\s*no,", re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:not|no|none|never|neither|nor|without|unable|fail\w*|lack\w*)\b|n't\b", re.IGNORECASE)
_MOST_OF = 0.4
_SOME_OF = 0.25


def polarity_of(question: str, answer: str) -> bool | None:
    """Return whether the answer affirms what the question asks; None when it speaks of neither.

    Without the words yes or no its direction is compared with the one asked for; without a direction a sentence that
    repeats the question's words affirms them, unless it denies.
    """
    asserted = read_asserted(answer.replace("’", "'"))
    for claim in asserted.claims:
        yes, no = _YES.search(claim), _NO.search(claim)
        if yes or no:
            return no is None or (yes is not None and yes.start() < no.start())
    # What follows tells how to answer: "If it is not a useful metric, say so."
    asking = question.partition("?")[0]
    wanted = direction_of(asking, reads_denials=False)
    asked = frozenset(split_terms(asking))
    for claim in (asserted.head, asserted.last, *reversed(asserted.conclusions), *sentences(answer)):
        shared = len(asked & frozenset(split_terms(claim))) / max(1, len(asked))
        told = direction_of(claim)
        if wanted and told and shared >= _SOME_OF:
            return wanted == told
        denies = _denies(claim, asking)
        if shared >= _MOST_OF and (denies or not wanted):
            return not denies
    return None


def _denies(claim: str, asking: str) -> bool:
    """Whether a claim has more denials than the question: "events that are not of its business" are asked about so."""
    return len(_NEGATION.findall(claim)) > len(_NEGATION.findall(asking))
