"""Which sentences are quoted: the best that say different things, none that hangs in the air, not too many to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.answering.quotation import Statement
from finrag_ml_tg1.answering.sentence_fit import is_quotable
from finrag_ml_tg1.answering.sentences import sentence_spans
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.reader import PassageRecord

__all__ = ["choose_sentences"]

_BEST_SHARE = 0.82
_NEAR_DUPLICATE = 0.62

# "This increase was due to …": of what, the sentence before tells.
_HANGS = re.compile(
    r"(?:this|these|those|such|it|they|its|their|he|she|his|her|both|however|also|in addition|additionally|moreover|"
    r"furthermore|as a result|accordingly|consequently|therefore|the (?:overall |net )?(?:increase|decrease|decline|"
    r"change|improvement|reduction|growth|former|latter)s?"
    r"(?: (?:was|were|is|are|primarily|mainly|reflect\w*|result\w*)))\b",
    re.IGNORECASE,
)


def choose_sentences(
    candidates: Sequence[Statement], passages: Sequence[PassageRecord], *, count: int, max_words: int
) -> list[Statement]:
    """Return at most `count` statements of at most `max_words` words in all (but the best in any case), best first.

    A sentence that points back comes with the one before it, or not at all where the two do not fit.
    """
    kept: list[Statement] = []
    kept_terms: list[set[str]] = []
    words = 0
    ranked = sorted(candidates, key=lambda statement: -statement.fit)
    for statement in ranked:
        if len(kept) >= count or statement.fit < _BEST_SHARE * ranked[0].fit:
            break
        if statement in kept:
            continue
        wanted = [*_needed_before(statement, passages[statement.passage], kept), statement]
        length = sum(_words(part, passages) for part in wanted)
        terms = set(split_terms(_text(statement, passages)))
        is_repeated = any(_is_repetition(terms, others) for others in kept_terms)
        if is_repeated or (kept and (words + length > max_words or len(kept) + len(wanted) > count)):
            continue
        kept += wanted
        kept_terms.append(terms)
        words += length
    return kept


def _needed_before(statement: Statement, passage: PassageRecord, kept: Sequence[Statement]) -> Iterator[Statement]:
    if not _HANGS.match(passage.text, statement.start):
        return
    before = [(start, end) for start, end in sentence_spans(passage.text) if end <= statement.start]
    if not before:
        return
    start, end = before[-1]
    is_known = any(part.passage == statement.passage and part.start == start for part in kept)
    if not is_known and is_quotable(passage.text[start:end]):
        yield Statement(statement.passage, start, end, statement.fit)


def _text(statement: Statement, passages: Sequence[PassageRecord]) -> str:
    return passages[statement.passage].text[statement.start : statement.end]


def _words(statement: Statement, passages: Sequence[PassageRecord]) -> int:
    return len(_text(statement, passages).split())


def _is_repetition(terms: set[str], others: set[str]) -> bool:
    return len(terms & others) > _NEAR_DUPLICATE * min(len(terms), len(others))
