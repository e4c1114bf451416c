"""An answer without a language model: the sentences and table rows that answer the question, word for word.

Every statement is a stretch of a passage, given with its offsets. Nothing is rephrased, so nothing can be wrong but
the choice; where the evidence is too weak the question is left unanswered.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from finrag_ml_tg1.answering.answer import Answer, Citation
from finrag_ml_tg1.answering.counts import asks_for_count, gain_of_count
from finrag_ml_tg1.answering.evidence_strength import WEAKER_BY, evidence_strength
from finrag_ml_tg1.answering.opening import opening_sentences
from finrag_ml_tg1.answering.page_index import is_page_index
from finrag_ml_tg1.answering.quotation import Statement, reading_order, write_quotations
from finrag_ml_tg1.answering.sentence_choice import BEST_SHARE, choose_sentences
from finrag_ml_tg1.answering.sentence_fit import KnownLikeness, Vector, points_elsewhere, score_sentences
from finrag_ml_tg1.answering.table_choice import rows_of_statements, rows_that_answer
from finrag_ml_tg1.answering.table_rows import best_row
from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.index.encoder import Encoder
from finrag_ml_tg1.index.passage_record import PassageRecord

__all__ = ["Found", "answer_extractively"]

_READ_PASSAGES = 12
_READ_OF_EACH = 5
_READ_OF_ITEM = 24
_MAX_SENTENCES = 4
_MAX_FILINGS = 5
_MAX_WORDS = 115
_LEAST_WORDS_OF_ONE = 30
_LEAST_OF_WHETHER = 0.6
_FEWEST_FILING_WORDS = 3
_FEW_WORDS = 2

_log = logging.getLogger(__name__)

_ASKS_MORE = re.compile(r",| and ")
_BY_REFERENCE = re.compile(r"incorporated (?:herein )?by reference|filed herewith", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Filing:
    """What one filing (None: all together) has to say, and how strongly it speaks to the question."""

    accession: str | None
    row: Statement | None
    statement_rows: list[Statement]
    sentences: list[Statement]
    strength: float

    @property
    def likest_sentence(self) -> float:
        """The greatest cosine of one of its sentences with the question."""
        return max((part.likeness for part in self.sentences), default=0.0)

    @property
    def is_sure(self) -> bool:
        """Whether it holds what is asked by name, however it reads."""
        return bool(self.statement_rows)


@dataclass(frozen=True, slots=True)
class Found:
    """The passages found for a question, best first, with the cosine of each with the question's vector.

    The first `openings` of them open the descriptions of businesses that are asked for. `known_likeness` gives the
    cosines of sentences whose vectors are kept.
    """

    asked: Vector
    passages: Sequence[PassageRecord]
    likeness: Sequence[float]
    openings: int = 0
    known_likeness: KnownLikeness | None = None


def answer_extractively(
    topic: Topic, found: Found, encoder: Encoder, *, several: bool, names_company: bool = True, max_citations: int
) -> Answer:
    """Return the best statements of the passages (best passage first), or an unanswered result when none is enough.

    Sentences are read in the best passages alone, rows in all. With `several` companies or years asked, each filing
    speaks for itself; without `names_company` more is asked of the evidence.
    """
    passages = found.passages
    accessions: Sequence[str | None] = [None]
    if several:
        accessions = list(dict.fromkeys(passage.accession for passage in passages))[:_MAX_FILINGS]
    read = _read(topic, passages, accessions)
    chosen = opening_sentences(passages[: found.openings])
    rows = [] if chosen else [_row(topic, passages, accession) for accession in accessions]
    if rows and all(rows):
        # The row of just the name asked for, where every filing has one.
        chosen = [row for row in rows if row is not None]
    if not chosen and passages:
        shown = [passages[place] for place in read]
        alike = [found.likeness[place] for place in read]
        scored = score_sentences(
            topic,
            found.asked,
            shown,
            alike,
            encoder,
            filings=len(accessions),
            known_likeness=found.known_likeness,
        )
        sentences = [replace(part, passage=read[part.passage]) for part in scored]
        filings = [
            _filing(topic, found, sentences, row, read=read, accession=name, names_company=names_company)
            for name, row in zip(accessions, rows, strict=True)
        ]
        chosen = _chosen(topic, found, filings)
    context_length = sum(len(passages[place].text) for place in read)
    citations = tuple(_citations(chosen, passages, max_citations))
    return Answer(bool(chosen), write_quotations(chosen, passages), citations, context_length)


def _read(topic: Topic, passages: Sequence[PassageRecord], accessions: Sequence[str | None]) -> list[int]:
    """The places of the passages whose sentences are read: the best of all, or of each filing."""
    least = _READ_OF_ITEM if topic.whole_items else _READ_PASSAGES
    if len(accessions) <= 1:
        return list(islice(_worth_reading(passages, range(len(passages))), least))
    of_each = max(_READ_OF_EACH, least // len(accessions))
    own = ([place for place, passage in enumerate(passages) if passage.accession == name] for name in accessions)
    return sorted(place for places in own for place in islice(_worth_reading(passages, places), of_each))


def _worth_reading(passages: Sequence[PassageRecord], places: Iterable[int]) -> Iterator[int]:
    return (place for place in places if not (_lists_exhibits(passages[place]) or is_page_index(passages[place])))


def _lists_exhibits(passage: PassageRecord) -> bool:
    """Whether a table names contracts filed elsewhere: their titles are full of words and say nothing."""
    return passage.kind == "table" and _BY_REFERENCE.search(passage.text) is not None


def _row(topic: Topic, passages: Sequence[PassageRecord], accession: str | None) -> Statement | None:
    return None if topic.asks_for_words or topic.whole_items else best_row(topic, passages, accession=accession)


def _filing(
    topic: Topic,
    found: Found,
    sentences: Sequence[Statement],
    row: Statement | None,
    *,
    read: Sequence[int],
    accession: str | None,
    names_company: bool,
) -> _Filing:
    passages = found.passages
    places = [place for place in read if accession in (None, passages[place].accession)]
    own = [part for part in sentences if part.passage in places and _speaks_enough(topic, passages, part)]
    strength = evidence_strength(
        topic,
        [passages[place] for place in places],
        [found.likeness[place] for place in places],
        max((part.likeness for part in own), default=0.0),
        names_company=names_company,
    )
    return _Filing(accession, row, rows_of_statements(topic, passages, accession=accession), own, strength)


def _is_told_by_item(topic: Topic, passages: Sequence[PassageRecord], part: Statement) -> bool:
    passage = passages[part.passage]
    return passage.item in topic.whole_items and not points_elsewhere(passage.text[part.start : part.end])


def _speaks_enough(topic: Topic, passages: Sequence[PassageRecord], part: Statement) -> bool:
    """Whether a sentence may answer a short question that only a number, or yes or no, answers.

    It has the number of what is to be counted; or, with the words above it, speaks of most that is asked.
    """
    if asks_for_count(topic.text) and not _ASKS_MORE.search(topic.text):
        return gain_of_count(topic.text, passages[part.passage].text[part.start : part.end]) > 0
    if not topic.asks_whether or topic.whole_items or len(topic.weights) > _FEW_WORDS:
        return True
    passage = passages[part.passage]
    text = passage.text[part.start : part.end]
    is_in_filing_words = topic.bridge_count(text) >= _FEWEST_FILING_WORDS
    return is_in_filing_words or topic.word_share(f"{passage.heading} {text}") >= _LEAST_OF_WHETHER


def _chosen(topic: Topic, found: Found, filings: Sequence[_Filing]) -> list[Statement]:
    """Of each filing the row asked for, or its table, or the sentences that answer; nothing of one that does not."""
    words = max(_LEAST_WORDS_OF_ONE, _MAX_WORDS // len(filings))
    count = _MAX_SENTENCES if len(filings) == 1 else max(1, (_MAX_SENTENCES + 2) // len(filings))
    strongest = max(filing.strength for filing in filings)
    chosen: list[Statement] = []
    for filing in filings:
        is_enough = filing.is_sure or filing.strength >= max(0.0, strongest - WEAKER_BY)
        _log.debug(
            "evidence of %s: strength %.2f, %d sentences, %d rows of statements, %s row: %s",
            filing.accession or "all",
            filing.strength,
            len(filing.sentences),
            len(filing.statement_rows),
            "no other" if filing.row is None else "one other",
            "quoted" if is_enough else "too weak",
        )
        if not is_enough:
            continue
        if filing.row is not None:
            chosen.append(filing.row)
            continue
        table = filing.statement_rows
        table = table or rows_that_answer(
            topic, found.passages, found.likeness, accession=filing.accession, likest_sentence=filing.likest_sentence
        )
        chosen += table
        most, most_words = (max(1, count // 2), words // 2) if table else (count, words)
        if topic.whole_items:
            # Each heading of an item that is asked for as a whole is as good as the others, in the filing's order.
            own = [part for part in filing.sentences if _is_told_by_item(topic, found.passages, part)]
            parts = choose_sentences(
                own or filing.sentences,
                found.passages,
                count=most + (most == _MAX_SENTENCES),
                max_words=most_words,
                least_share=0.0 if own else BEST_SHARE,
            )
            chosen += sorted(parts, key=lambda part: (found.passages[part.passage].char_start, part.start))
            continue
        chosen += choose_sentences(
            filing.sentences, found.passages, count=most, max_words=most_words, least_share=BEST_SHARE
        )
    return chosen


def _citations(chosen: Sequence[Statement], passages: Sequence[PassageRecord], count: int) -> Iterator[Citation]:
    """Used passages numbered in order of use, then the best others, `count` in all (but every used one)."""
    order = list(dict.fromkeys(statement.passage for statement in reading_order(chosen)))
    rest = [number for number in range(len(passages)) if number not in order][: max(0, count - len(order))]
    for label, number in enumerate([*order, *rest], start=1):
        highlights = sorted((part.start, part.end) for part in chosen if part.passage == number)
        yield Citation(label, passages[number], tuple(highlights), number in order)
