"""An answer without a language model: the sentences and table rows that answer the question, word for word.

Every statement is a stretch of a passage, given with its offsets. Nothing is rephrased, so nothing can be wrong but
the choice; when nothing fits well enough the question is left unanswered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from finrag_ml_tg1.answering.answer import Answer, Citation
from finrag_ml_tg1.answering.sentences import sentence_spans
from finrag_ml_tg1.index.encoder import Encoder
from finrag_ml_tg1.index.lexical import CorpusStatistics, split_terms
from finrag_ml_tg1.index.reader import PassageRecord

__all__ = ["answer_extractively"]

_READ_PASSAGES = 8
_MAX_SENTENCES = 4
_MAX_WORDS = 120
_MIN_WORDS = 5
_MAX_SENTENCE_WORDS = 70
_MIN_SIMILARITY = 0.33
_NEAR_DUPLICATE = 0.9
_SIMILARITY_SHARE = 0.6
_RANK_STEP = 0.015
_BEST_SHARE = 0.72
_MIN_ROW_FIT = 0.55
_NUMERIC_QUESTION = re.compile(
    r"\b(?:how (?:much|many|large|big)|what (?:was|were|is|are)|amount|total|compare|revenues?|sales|income|earnings|"
    r"profit|margin|assets|liabilities|debt|cash|expenses?|costs?|shares?)\b",
    re.IGNORECASE,
)
_ASKS_FOR_WORDS = re.compile(
    r"\b(?:why|how (?:does|do|did|is|are)|describe|explain|discuss|risks?|drove|driven|reasons?|strategy|policy|"
    r"polic(?:y|ies)|govern|who)\b",
    re.IGNORECASE,
)
_NUMBER_CELL = re.compile(r"[$€£¥(]*-?\d[\d,.]*\)?\s*%?\)?|[—–-]")
_CELL_SEPARATOR = " | "


@dataclass(frozen=True, slots=True)
class _Statement:
    """A stretch of a passage that may be quoted, and how well it answers."""

    passage: int
    start: int
    end: int
    fit: float


def answer_extractively(
    question: str, passages: Sequence[PassageRecord], encoder: Encoder, corpus: CorpusStatistics
) -> Answer:
    """Return the best statements of the passages (best passage first), or an unanswered result when none fits."""
    read = passages[:_READ_PASSAGES]
    context_length = sum(len(passage.text) for passage in read)
    weights = _term_weights(question, corpus)
    row = _best_row(question, read, weights) if _NUMERIC_QUESTION.search(question) else None
    sentences = _select(_scored_sentences(question, read, weights, encoder), read, encoder)
    if row is not None and not _ASKS_FOR_WORDS.search(question):
        chosen = [row, *sentences[:1]] if sentences and sentences[0].fit > row.fit else [row]
    else:
        chosen = sentences
    if not chosen:
        return Answer(False, "", tuple(_citations([], passages)), context_length)
    return Answer(True, _written(chosen, passages), tuple(_citations(chosen, passages)), context_length)


def _term_weights(question: str, corpus: CorpusStatistics) -> dict[str, float]:
    """How much each word of the question tells: rare words more (inverse document frequency)."""
    return {
        term: float(np.log1p(corpus.rows / (1 + corpus.document_frequency(term)))) for term in split_terms(question)
    }


def _coverage(text: str, weights: dict[str, float]) -> float:
    """The share of the question's weight whose words stand in the text."""
    present = set(split_terms(text))
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in present) / total if total else 0.0


def _scored_sentences(
    question: str, passages: Sequence[PassageRecord], weights: dict[str, float], encoder: Encoder
) -> list[_Statement]:
    spans = [
        (number, start, end)
        for number, passage in enumerate(passages)
        if passage.kind == "prose"
        for start, end in sentence_spans(passage.text)
        if _is_quotable(passage.text[start:end])
    ]
    if not spans:
        return []
    vectors = encoder.encode([question, *(passages[number].text[start:end] for number, start, end in spans)])
    similarities = vectors[1:] @ vectors[0]
    return [
        _Statement(
            number,
            start,
            end,
            _SIMILARITY_SHARE * float(similarity)
            + (1 - _SIMILARITY_SHARE) * _coverage(passages[number].text[start:end], weights)
            - _RANK_STEP * number,
        )
        for (number, start, end), similarity in zip(spans, similarities, strict=True)
        if similarity >= _MIN_SIMILARITY
    ]


def _is_quotable(sentence: str) -> bool:
    """A whole sentence of readable length: not a heading, not a fragment cut by the end of a passage."""
    words = len(sentence.split())
    return (
        _MIN_WORDS <= words <= _MAX_SENTENCE_WORDS
        and sentence.rstrip('"”’)')[-1] in ".!?"
        and (not sentence[0].islower())
    )


def _select(statements: list[_Statement], passages: Sequence[PassageRecord], encoder: Encoder) -> list[_Statement]:
    """The best statements that say different things, within the length an answer may have."""
    chosen: list[_Statement] = []
    words = 0
    ordered = sorted(statements, key=lambda statement: -statement.fit)
    vectors: list[np.ndarray[tuple[int], np.dtype[np.float32]]] = []
    for statement in ordered[: 4 * _MAX_SENTENCES]:
        text = passages[statement.passage].text[statement.start : statement.end]
        if chosen and (statement.fit < _BEST_SHARE * chosen[0].fit or words + len(text.split()) > _MAX_WORDS):
            continue
        vector = encoder.encode([text])[0]
        if any(float(vector @ other) > _NEAR_DUPLICATE for other in vectors):
            continue
        chosen.append(statement)
        vectors.append(vector)
        words += len(text.split())
        if len(chosen) == _MAX_SENTENCES:
            break
    return chosen


def _best_row(question: str, passages: Sequence[PassageRecord], weights: dict[str, float]) -> _Statement | None:
    """The table row whose label is what the question asks for; words around its table count for the question too."""
    asked = set(weights)
    best: _Statement | None = None
    for number, passage in enumerate(passages):
        if passage.kind != "table":
            continue
        surroundings = f"{passage.heading} {passage.lead} {passage.company} {passage.fiscal_year}"
        for start, end in _rows(passage.text):
            label, *cells = passage.text[start:end].split(_CELL_SEPARATOR)
            terms = set(split_terms(label))
            if not any(_NUMBER_CELL.fullmatch(cell) for cell in cells) or not terms & asked:
                continue
            precision = len(terms & asked) / len(terms)
            fit = precision * _coverage(f"{label} {surroundings}", weights) - _RANK_STEP * number
            if fit >= _MIN_ROW_FIT and (best is None or fit > best.fit):
                best = _Statement(number, start, end, fit)
    return best


def _rows(text: str) -> Iterator[tuple[int, int]]:
    offset = 0
    for line in text.split("\n"):
        if line:
            yield offset, offset + len(line)
        offset += len(line) + 1


def _citations(chosen: Sequence[_Statement], passages: Sequence[PassageRecord]) -> Iterator[Citation]:
    """Used passages numbered in order of use, then the others found."""
    order = list(dict.fromkeys(statement.passage for statement in _reading_order(chosen)))
    rest = [number for number in range(len(passages)) if number not in order]
    for count, number in enumerate([*order, *rest], start=1):
        highlights = sorted((part.start, part.end) for part in chosen if part.passage == number)
        yield Citation(count, passages[number], tuple(highlights), number in order)


def _reading_order(chosen: Sequence[_Statement]) -> list[_Statement]:
    """Passages in order of their best statement; inside a passage as the filing reads."""
    ranked = list(dict.fromkeys(statement.passage for statement in chosen))
    return sorted(chosen, key=lambda statement: (ranked.index(statement.passage), statement.start))


def _written(chosen: Sequence[_Statement], passages: Sequence[PassageRecord]) -> str:
    """Markdown: one paragraph for each filing, named when there are several; a table row under its table's header."""
    ordered = _reading_order(chosen)
    numbers = {number: count for count, number in enumerate(dict.fromkeys(part.passage for part in ordered), start=1)}
    filings = list(dict.fromkeys(passages[part.passage].accession for part in ordered))
    blocks = []
    for accession in filings:
        parts = [part for part in ordered if passages[part.passage].accession == accession]
        passage = passages[parts[0].passage]
        name = f"**{passage.company}, {passage.form} for fiscal {passage.fiscal_year}**\n\n" if len(filings) > 1 else ""
        texts = [
            _quoted(list(same), passages[number], numbers[number])
            for number, same in groupby(parts, key=lambda part: part.passage)
        ]
        blocks.append(name + "\n\n".join(texts))
    return "\n\n".join(blocks)


def _quoted(parts: list[_Statement], passage: PassageRecord, number: int) -> str:
    if passage.kind == "table":
        return _table(passage, parts, number)
    return " ".join(f"{' '.join(passage.text[part.start : part.end].split())} [{number}]" for part in parts)


def _table(passage: PassageRecord, parts: list[_Statement], number: int) -> str:
    """The row as a Markdown table under the header row of its table, and above it what the table shows."""
    rows = [passage.text[part.start : part.end].split(_CELL_SEPARATOR) for part in parts]
    columns = max(len(row) for row in rows)
    header = _header_cells(passage, parts[0].start, columns)
    lines = [
        "| " + " | ".join([*header, *[""] * (columns - len(header))]) + " |",
        "|" + "---|" + "---:|" * (columns - 1),
        *("| " + " | ".join([*row, *[""] * (columns - len(row))]) + " |" for row in rows),
    ]
    title = passage.lead.split("\n", maxsplit=1)[0] or passage.heading.rpartition(" > ")[2]
    caption = f"{passage.company}, {passage.form} for fiscal {passage.fiscal_year}" + (f": {title}" if title else "")
    return f"{caption} [{number}]\n\n" + "\n".join(lines)


def _header_cells(passage: PassageRecord, before: int, columns: int) -> list[str]:
    """The nearest line above the row that names its columns (as many cells as the row has numbers), else no names."""
    lines = [*passage.lead.split("\n"), *passage.text[:before].split("\n")]
    for line in lines:
        cells = line.split(_CELL_SEPARATOR)
        if len(cells) >= columns - 1 and not any(_NUMBER_CELL.fullmatch(cell) and "," in cell for cell in cells):
            return ["", *cells[-(columns - 1) :]] if columns > 1 else [""]
    return [""] * columns
