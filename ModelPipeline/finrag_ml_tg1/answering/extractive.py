"""An answer without a language model: the sentences and table rows that answer the question, word for word.

Every statement is a stretch of a passage, given with its offsets. Nothing is rephrased, so nothing can be wrong but
the choice; where the evidence is too weak the question is left unanswered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from finrag_ml_tg1.answering.answer import Answer, Citation
from finrag_ml_tg1.answering.evidence_strength import is_enough
from finrag_ml_tg1.answering.quotation import Statement, reading_order, write_quotations
from finrag_ml_tg1.answering.sentence_choice import choose_sentences
from finrag_ml_tg1.answering.sentence_fit import score_sentences
from finrag_ml_tg1.answering.table_choice import rows_of_statements, rows_that_answer
from finrag_ml_tg1.answering.table_rows import best_row
from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.index.encoder import Encoder
from finrag_ml_tg1.index.reader import PassageRecord

__all__ = ["answer_extractively"]

_READ_PASSAGES = 12
_READ_OF_EACH = 5
_READ_OF_ITEM = 24
_MAX_SENTENCES = 4
_MAX_FILINGS = 5
_MAX_WORDS = 115
_LEAST_WORDS_OF_ONE = 30


def answer_extractively(
    topic: Topic,
    passages: Sequence[PassageRecord],
    likeness: Sequence[float],
    encoder: Encoder,
    *,
    several: bool,
    names_company: bool = True,
    max_citations: int,
) -> Answer:
    """Return the best statements of the passages (best passage first), or an unanswered result when none is enough.

    `likeness` are the cosines of the passages with the question. Sentences are read in the best passages alone, rows
    in all. With `several` companies or years asked, each filing speaks for itself.
    """
    filings: list[str | None] = [None]
    if several:
        filings = [*dict.fromkeys(passage.accession for passage in passages)][:_MAX_FILINGS]
    read = _read(topic, passages, filings)
    context_length = sum(len(passage.text) for _, passage in read)
    chosen = _chosen(topic, passages, likeness, encoder, read=read, filings=filings, names_company=names_company)
    citations = tuple(_citations(chosen, passages, max_citations))
    return Answer(bool(chosen), write_quotations(chosen, passages), citations, context_length)


def _read(
    topic: Topic, passages: Sequence[PassageRecord], filings: Sequence[str | None]
) -> list[tuple[int, PassageRecord]]:
    """The passages whose sentences are read, with their places: the best of all, or of each filing."""
    numbered = list(enumerate(passages))
    least = _READ_OF_ITEM if topic.whole_items else _READ_PASSAGES
    if len(filings) <= 1:
        return numbered[:least]
    of_each = max(_READ_OF_EACH, least // len(filings))
    own = [[pair for pair in numbered if pair[1].accession == filing][:of_each] for filing in filings]
    return sorted(pair for pairs in own for pair in pairs)


def _chosen(
    topic: Topic,
    passages: Sequence[PassageRecord],
    likeness: Sequence[float],
    encoder: Encoder,
    *,
    read: Sequence[tuple[int, PassageRecord]],
    filings: Sequence[str | None],
    names_company: bool,
) -> list[Statement]:
    """Of each filing the row asked for, or its table, or the sentences that answer; nothing of one that does not."""
    rows = {filing: _row(topic, passages, filing) for filing in filings}
    if rows and all(rows.values()):
        return [row for row in rows.values() if row is not None]
    places = [number for number, _ in read]
    shown = [passage for _, passage in read]
    scored = score_sentences(topic, shown, [likeness[place] for place in places], encoder, filings=len(filings))
    sentences = [Statement(places[part.passage], part.start, part.end, part.fit, part.likeness) for part in scored]
    words = max(_LEAST_WORDS_OF_ONE, _MAX_WORDS // max(1, len(filings)))
    count = _MAX_SENTENCES if len(filings) == 1 else max(1, (_MAX_SENTENCES + 2) // len(filings))
    chosen: list[Statement] = []
    for filing, row in rows.items():
        own_places = [place for place in places if filing in (None, passages[place].accession)]
        own = [part for part in sentences if part.passage in own_places]
        likest = max((part.likeness for part in own), default=0.0)
        own_passages = [passages[place] for place in own_places]
        own_likeness = [likeness[place] for place in own_places]
        table = rows_of_statements(topic, passages, accession=filing)
        if not table and not is_enough(topic, own_passages, own_likeness, likest, names_company=names_company):
            continue
        if row is not None:
            chosen.append(row)
            continue
        table = table or rows_that_answer(topic, passages, likeness, accession=filing)
        chosen += table
        chosen += choose_sentences(
            own, passages, count=max(1, count // 2) if table else count, max_words=words // 2 if table else words
        )
    return chosen


def _row(topic: Topic, passages: Sequence[PassageRecord], filing: str | None) -> Statement | None:
    return None if topic.asks_for_words else best_row(topic, passages, accession=filing)


def _citations(chosen: Sequence[Statement], passages: Sequence[PassageRecord], count: int) -> Iterator[Citation]:
    """Used passages numbered in order of use, then the best others, `count` in all (but every used one)."""
    order = list(dict.fromkeys(statement.passage for statement in reading_order(chosen)))
    rest = [number for number in range(len(passages)) if number not in order][: max(0, count - len(order))]
    for label, number in enumerate([*order, *rest], start=1):
        highlights = sorted((part.start, part.end) for part in chosen if part.passage == number)
        yield Citation(label, passages[number], tuple(highlights), number in order)
