"""Which sentences are quoted: the best that say different things, none that hangs in the air, not too many to read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from finrag_ml_tg1.answering.quotation import Statement
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.passage_record import PassageRecord

__all__ = ["BEST_SHARE", "choose_sentences"]

# How well a statement has to fit beside the best one.
BEST_SHARE = 0.82
# So near the best one takes the place of one that is too long.
_AS_GOOD = 0.9
_NEAR_DUPLICATE = 0.62
# No day and no year.
_FIGURE = re.compile(r"\d+[.,][\d.,]+|\d{3}|\d{5,}")


def choose_sentences(
    candidates: Sequence[Statement],
    passages: Sequence[PassageRecord],
    *,
    count: int,
    max_words: int,
    least_share: float,
) -> list[Statement]:
    """Return at most `count` statements of at most `max_words` words in all, best first.

    One is longer only where no other is nearly as good. `least_share` is how well each has to fit beside the best.
    """
    kept: list[Statement] = []
    kept_terms: list[set[str]] = []
    words = 0
    ranked = sorted(candidates, key=lambda statement: -statement.fit)
    nearly_best = [part for part in ranked if part.fit >= _AS_GOOD * ranked[0].fit]
    if any(_words(part, passages) <= max_words for part in nearly_best):
        ranked = [part for part in ranked if _words(part, passages) <= max_words]
    for statement in ranked:
        if len(kept) >= count or statement.fit < least_share * ranked[0].fit:
            break
        place = next((place for place, other in enumerate(kept) if _overlap(statement, other)), None)
        if place is not None:
            # One of them is the other with the sentence that it points back to.
            joined = _joined(statement, kept[place])
            words += _words(joined, passages) - _words(kept[place], passages)
            kept[place] = joined
            continue
        length = _words(statement, passages)
        terms = set(split_terms(_text(statement, passages)))
        is_repeated = any(_is_repetition(terms, others) for others in kept_terms)
        if is_repeated or (kept and words + length > max_words):
            continue
        kept.append(statement)
        kept_terms.append(terms)
        words += length
    return kept


def _overlap(statement: Statement, other: Statement) -> bool:
    is_apart = statement.end <= other.start or other.end <= statement.start
    return statement.passage == other.passage and not is_apart


def _joined(statement: Statement, other: Statement) -> Statement:
    return replace(other, start=min(statement.start, other.start), end=max(statement.end, other.end))


def _text(statement: Statement, passages: Sequence[PassageRecord]) -> str:
    return passages[statement.passage].text[statement.start : statement.end]


def _words(statement: Statement, passages: Sequence[PassageRecord]) -> int:
    return len(_text(statement, passages).split())


def _is_repetition(terms: set[str], others: set[str]) -> bool:
    """Whether one says hardly more than the other; with other figures the same words say something else."""
    figures = {term for term in terms if _FIGURE.fullmatch(term)}
    return len(terms & others) > _NEAR_DUPLICATE * min(len(terms), len(others)) and figures <= others
