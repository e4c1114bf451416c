"""An answer without a language model: the sentences and table rows that answer the question, word for word.

Every statement is a stretch of a passage, given with its offsets. Nothing is rephrased, so nothing can be wrong but
the choice; when nothing fits well enough the question is left unanswered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.answering.answer import Answer, Citation
from finrag_ml_tg1.answering.quotation import Statement, reading_order, write_quotations
from finrag_ml_tg1.answering.sentences import sentence_spans
from finrag_ml_tg1.answering.table_rows import best_row
from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.index.encoder import Encoder
from finrag_ml_tg1.index.reader import PassageRecord

__all__ = ["answer_extractively"]

_READ_PASSAGES = 8
_READ_OF_EACH = 3
_MAX_SENTENCES = 4
_MAX_SENTENCES_OF_ONE = 2
_MAX_FILINGS = 5
_MAX_WORDS = 120
_MIN_WORDS = 5
_MAX_SENTENCE_WORDS = 70
_MIN_PASSAGE_SHARE = 0.45
_SIMILARITY_SHARE = 0.65
_RANK_STEP = 0.012
_FIGURE_REWARD = 0.08
_BACKWARD_PENALTY = 0.08
_POINTER_PENALTY = 0.12
_HEADING_REWARD = 0.35
_MIN_FIT = 0.48
_BEST_SHARE = 0.72
_NEAR_DUPLICATE = 0.88

_ASKS_FOR_AMOUNT = re.compile(r"\bhow (?:much|many|large|big|high|low)\b|\bwhat percentage\b", re.IGNORECASE)
_ASKS_FOR_WORDS = re.compile(
    r"\b(?:why|how (?:does|do|did|is|are)|describe|explain|discuss|risks?|drove|driven|drivers?|reasons?|strategy|"
    r"polic(?:y|ies)|govern\w*|who|where|which)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d")
_POINTS_BACK = re.compile(
    r"(?:this|these|those|such|it|they|its|their|however|for example|in addition|additionally|furthermore|moreover|"
    r"for (?:a |further |more |additional )|see |refer to)\b",
    re.IGNORECASE,
)

_POINTS_ELSEWHERE = re.compile(
    r"\b(?:can be found|is (?:provided|included|set forth|contained|incorporated)|(?:see|refer to|included in) "
    r"(?:also )?(?:the )?(?:notes?|item|part|section|risk factors|business))\b|[”\"] (?:in|of) (?:part|item)",
    re.IGNORECASE,
)


def answer_extractively(
    topic: Topic, passages: Sequence[PassageRecord], encoder: Encoder, *, several: bool, max_citations: int
) -> Answer:
    """Return the best statements of the passages (best passage first), or an unanswered result when none fits.

    Sentences are read in the best passages alone, table rows in all. With `several` companies or years asked, each
    filing speaks for itself.
    """
    filings = len({passage.accession for passage in passages}) if several else 1
    read = passages[: max(_READ_PASSAGES, _READ_OF_EACH * min(filings, _MAX_FILINGS))]
    context_length = sum(len(passage.text) for passage in read)
    chosen = _chosen(topic, read, passages, encoder, several=several) if _speaks_to(topic, read) else []
    citations = tuple(_citations(chosen, passages, max_citations))
    return Answer(bool(chosen), write_quotations(chosen, passages), citations, context_length)


def _speaks_to(topic: Topic, passages: Sequence[PassageRecord]) -> bool:
    """Whether some passage holds enough of the question's words; a question of unknown words has no answer here."""
    return any(
        topic.word_share(f"{passage.heading} {passage.lead} {passage.text}") >= _MIN_PASSAGE_SHARE
        for passage in passages
    )


def _chosen(
    topic: Topic, read: Sequence[PassageRecord], passages: Sequence[PassageRecord], encoder: Encoder, *, several: bool
) -> list[Statement]:
    sentences = list(_scored_sentences(topic, read, encoder))
    wants_row = not _ASKS_FOR_WORDS.search(topic.text)
    if not several:
        row = best_row(topic, passages) if wants_row else None
        return [row] if row is not None else _select(sentences, read, encoder, _MAX_SENTENCES)
    chosen: list[Statement] = []
    for accession in list(dict.fromkeys(passage.accession for passage in passages))[:_MAX_FILINGS]:
        row = best_row(topic, passages, accession=accession) if wants_row else None
        own = [statement for statement in sentences if read[statement.passage].accession == accession]
        chosen += [row] if row is not None else _select(own, read, encoder, _MAX_SENTENCES_OF_ONE)
    return chosen


def _scored_sentences(topic: Topic, passages: Sequence[PassageRecord], encoder: Encoder) -> Iterator[Statement]:
    """Yield every sentence that may be quoted with its fit: likeness in meaning, shared words, its passage's rank.

    For a question about a whole item its headings stand for it: filers head each risk with a sentence.
    """
    headed = {number for number, passage in enumerate(passages) if topic.is_whole_item and _opens_with_heading(passage)}
    spans = [
        (number, start, end)
        for number, passage in enumerate(passages)
        if passage.kind == "prose"
        for start, end in sentence_spans(passage.text)
        if _is_quotable(passage.text[start:end])
    ]
    if not spans:
        return
    texts = [passages[number].text[start:end] for number, start, end in spans]
    vectors = encoder.encode([topic.text, *texts])
    wants_value = not _ASKS_FOR_WORDS.search(topic.text)
    wants_figure = _ASKS_FOR_AMOUNT.search(topic.text) is not None
    for (number, start, end), text, similarity in zip(spans, texts, vectors[1:] @ vectors[0], strict=True):
        if wants_value and _FIGURE.search(text) and not topic.phrase_share(text):
            continue  # a figure of something else: "other income, net" is not net income
        fit = _SIMILARITY_SHARE * float(similarity) + (1 - _SIMILARITY_SHARE) * topic.coverage(text)
        fit += _HEADING_REWARD if number in headed and start == 0 else 0.0
        fit -= _RANK_STEP * number
        fit += _FIGURE_REWARD if wants_figure and _FIGURE.search(text) else 0.0
        fit -= _BACKWARD_PENALTY if _POINTS_BACK.match(text) else 0.0
        fit -= _POINTER_PENALTY if _POINTS_ELSEWHERE.search(text) else 0.0
        if fit >= _MIN_FIT:
            yield Statement(number, start, end, fit)


def _opens_with_heading(passage: PassageRecord) -> bool:
    nearest = passage.heading.rpartition(" > ")[2]
    return bool(nearest) and passage.text.startswith(nearest)


def _is_quotable(sentence: str) -> bool:
    """A whole sentence of readable length: not a heading, not a fragment cut by the end of a passage."""
    words = len(sentence.split())
    ends_well = sentence.rstrip('"”’)').endswith((".", "!", "?"))
    return _MIN_WORDS <= words <= _MAX_SENTENCE_WORDS and ends_well and not sentence[0].islower()


def _select(
    statements: list[Statement], passages: Sequence[PassageRecord], encoder: Encoder, count: int
) -> list[Statement]:
    """The best statements that say different things, within the length an answer may have."""
    ordered = sorted(statements, key=lambda statement: -statement.fit)[: 4 * count]
    texts = [passages[statement.passage].text[statement.start : statement.end] for statement in ordered]
    vectors = encoder.encode(texts)
    kept: list[int] = []
    words = 0
    for index, statement in enumerate(ordered):
        length = len(texts[index].split())
        is_weak = kept and statement.fit < _BEST_SHARE * ordered[0].fit
        is_repetition = any(float(vectors[index] @ vectors[other]) > _NEAR_DUPLICATE for other in kept)
        if is_weak or is_repetition or (kept and words + length > _MAX_WORDS):
            continue
        kept.append(index)
        words += length
        if len(kept) == count:
            break
    return [ordered[index] for index in kept]


def _citations(chosen: Sequence[Statement], passages: Sequence[PassageRecord], count: int) -> Iterator[Citation]:
    """Used passages numbered in order of use, then the best others, `count` in all (but every used one)."""
    order = list(dict.fromkeys(statement.passage for statement in reading_order(chosen)))
    rest = [number for number in range(len(passages)) if number not in order][: max(0, count - len(order))]
    for label, number in enumerate([*order, *rest], start=1):
        highlights = sorted((part.start, part.end) for part in chosen if part.passage == number)
        yield Citation(label, passages[number], tuple(highlights), number in order)
