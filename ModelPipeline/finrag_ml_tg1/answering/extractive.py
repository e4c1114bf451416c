"""An answer without a language model: the sentences and table rows that answer the question, word for word.

Every statement is a stretch of a passage, given with its offsets. Nothing is rephrased, so nothing can be wrong but
the choice; when nothing fits well enough the question is left unanswered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from finrag_ml_tg1.answering.answer import Answer, Citation
from finrag_ml_tg1.answering.quotation import Statement, reading_order, write_quotations
from finrag_ml_tg1.answering.sentence_fit import score_sentences
from finrag_ml_tg1.answering.table_rows import best_row
from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.index.encoder import Encoder
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.reader import PassageRecord

__all__ = ["answer_extractively"]

_READ_PASSAGES = 8
_READ_OF_EACH = 3
_MAX_SENTENCES = 4
_MAX_SENTENCES_OF_ONE = 2
_MAX_FILINGS = 5
_MAX_WORDS = 120
_READ_OF_ITEM = 24
_MIN_PASSAGE_SHARE = 0.45
_BEST_SHARE = 0.72
_NEAR_DUPLICATE = 0.75


def answer_extractively(
    topic: Topic, passages: Sequence[PassageRecord], encoder: Encoder, *, several: bool, max_citations: int
) -> Answer:
    """Return the best statements of the passages (best passage first), or an unanswered result when none fits.

    Sentences are read in the best passages alone, table rows in all. With `several` companies or years asked, each
    filing speaks for itself.
    """
    filings = len({passage.accession for passage in passages}) if several else 1
    least = _READ_OF_ITEM if topic.whole_items else _READ_PASSAGES
    read = passages[: max(least, _READ_OF_EACH * min(filings, _MAX_FILINGS))]
    context_length = sum(len(passage.text) for passage in read)
    chosen = _chosen(topic, read, passages, encoder, several=several) if _speaks_to(topic, read) else []
    citations = tuple(_citations(chosen, passages, max_citations))
    return Answer(bool(chosen), write_quotations(chosen, passages), citations, context_length)


def _speaks_to(topic: Topic, passages: Sequence[PassageRecord]) -> bool:
    """Whether some passage holds enough of the question's words; a question of unknown words has no answer here."""
    return any(
        passage.item in topic.whole_items
        or topic.word_share(f"{passage.heading} {passage.lead} {passage.text}") >= _MIN_PASSAGE_SHARE
        for passage in passages
    )


def _chosen(
    topic: Topic, read: Sequence[PassageRecord], passages: Sequence[PassageRecord], encoder: Encoder, *, several: bool
) -> list[Statement]:
    """A row for each filing that has the one asked for, sentences from those that have not."""
    filings: Sequence[str | None] = [None]
    if several:
        filings = [*dict.fromkeys(passage.accession for passage in passages)][:_MAX_FILINGS]
    wants_row = not topic.asks_for_words
    rows = {filing: best_row(topic, passages, accession=filing) if wants_row else None for filing in filings}
    if all(rows.values()):
        return [row for row in rows.values() if row is not None]
    sentences = list(score_sentences(topic, read, encoder))
    count = _MAX_SENTENCES_OF_ONE if several else _MAX_SENTENCES
    chosen: list[Statement] = []
    for filing, row in rows.items():
        own = [part for part in sentences if filing in (None, read[part.passage].accession)]
        chosen += [row] if row is not None else _select(own, read, count)
    return chosen


def _select(statements: list[Statement], passages: Sequence[PassageRecord], count: int) -> list[Statement]:
    """The best statements that say different things, within the length an answer may have."""
    kept: list[Statement] = []
    kept_terms: list[set[str]] = []
    words = 0
    for statement in sorted(statements, key=lambda statement: -statement.fit):
        text = passages[statement.passage].text[statement.start : statement.end]
        length = len(text.split())
        terms = set(split_terms(text))
        is_weak = bool(kept) and statement.fit < _BEST_SHARE * kept[0].fit
        if is_weak or len(kept) == count:
            break
        if any(_is_repetition(terms, others) for others in kept_terms) or (kept and words + length > _MAX_WORDS):
            continue
        kept.append(statement)
        kept_terms.append(terms)
        words += length
    return kept


def _is_repetition(terms: set[str], others: set[str]) -> bool:
    return len(terms & others) > _NEAR_DUPLICATE * min(len(terms), len(others))


def _citations(chosen: Sequence[Statement], passages: Sequence[PassageRecord], count: int) -> Iterator[Citation]:
    """Used passages numbered in order of use, then the best others, `count` in all (but every used one)."""
    order = list(dict.fromkeys(statement.passage for statement in reading_order(chosen)))
    rest = [number for number in range(len(passages)) if number not in order][: max(0, count - len(order))]
    for label, number in enumerate([*order, *rest], start=1):
        highlights = sorted((part.start, part.end) for part in chosen if part.passage == number)
        yield Citation(label, passages[number], tuple(highlights), number in order)
