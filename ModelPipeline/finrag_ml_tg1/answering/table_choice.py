"""Several rows of one table, where the parts of a whole are asked for or a table is what was found first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.answering.answer_kinds import asks_for_amount, asks_for_reason, asks_what_is_said, breaks_down
from finrag_ml_tg1.answering.page_index import is_page_index
from finrag_ml_tg1.answering.quotation import Statement, section_above
from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.quotable import CELL_SEPARATOR

__all__ = ["rows_of_statements", "rows_that_answer"]

_MAX_ROWS = 10
_MAX_ROWS_BY_LABEL = 5
# One row alone is no breakdown.
_FEWEST_PARTS = 2
_READ_TABLES = 8
_RANK_STEP = 0.015
_WORDS_SHARE = 0.35
_BRIDGE_SHARE = 0.2
_BRIDGE_TERMS = 4
_LEAST = 0.48
_LEAST_OF_AMOUNT = 0.6
_LEAST_UNASKED = 0.72
_FIRST_PLACES = 2
_READ_STATEMENTS = 10
_LONG = 60
_IN_PARENTHESES = re.compile(r"\([^()]*\)")
_VALUE = re.compile(r"[$€£¥(]*-?(?!(?:19|20)\d\d$)\d[\d,.]*\)?\s*%?\)?(?:pts?|bps)?")


def rows_that_answer(
    topic: Topic,
    passages: Sequence[PassageRecord],
    likeness: Sequence[float],
    *,
    accession: str | None = None,
    likest_sentence: float = 0.0,
) -> list[Statement]:
    """Return rows of the table that speaks most to the question, in their order; none where sentences answer better.

    `likest_sentence` is the greatest cosine of a sentence with the question. Of a large table the rows that name what
    is asked are returned.
    """
    is_asked = breaks_down(topic.text)
    if (topic.is_plain_value or asks_what_is_said(topic.text)) and not is_asked:
        return []
    if topic.whole_items:
        return _rows_of_item(topic, passages, accession)
    best: tuple[float, int] | None = None
    tables = [number for number, passage in enumerate(passages) if accession in (None, passage.accession)]
    for place, number in enumerate(tables[:_READ_TABLES]):
        passage = passages[number]
        if passage.kind != "table" or not (is_asked or place < _FIRST_PLACES) or is_page_index(passage):
            continue
        fit = _fit(topic, passage, likeness[number]) - _RANK_STEP * place
        if best is None or fit > best[0]:
            best = (fit, number)
    wants_figures = is_asked or asks_for_amount(topic.text)
    if best is None or (not wants_figures and likeness[best[1]] < likest_sentence):
        return []
    least = _LEAST if is_asked else _LEAST_OF_AMOUNT if asks_for_amount(topic.text) else _LEAST_UNASKED
    if best[0] < least or (asks_for_reason(topic.text) and not is_asked):
        return []
    return _rows(topic, passages[best[1]], best[1], best[0])


def _rows_of_item(topic: Topic, passages: Sequence[PassageRecord], accession: str | None) -> list[Statement]:
    """The table that an item is, where it is found first: that of the properties, mostly."""
    own = [(number, passage) for number, passage in enumerate(passages) if accession in (None, passage.accession)]
    for number, passage in own[:1]:
        if passage.kind == "table" and passage.item in topic.whole_items and not is_page_index(passage):
            return [row for row, _ in _value_rows(passage, number, 1.0)][:_MAX_ROWS]
    return []


def rows_of_statements(
    topic: Topic, passages: Sequence[PassageRecord], *, accession: str | None = None
) -> list[Statement]:
    """Return the rows of the primary statement found first that hold the numbers asked for, by their labels."""
    wanted = {name: place for place, name in enumerate(topic.rows)}
    for number, passage in enumerate(passages[:_READ_STATEMENTS]):
        if passage.statement == "none" or passage.kind != "table" or accession not in (None, passage.accession):
            continue
        rows = [row for row, label in _value_rows(passage, number, 1.0) if _name(label) in wanted]
        if rows:
            return rows[:_MAX_ROWS_BY_LABEL]
    return []


def _name(label: str) -> frozenset[str]:
    return frozenset(split_terms(_IN_PARENTHESES.sub(" ", label.partition(",")[0] if len(label) > _LONG else label)))


def _fit(topic: Topic, passage: PassageRecord, likeness: float) -> float:
    text = f"{passage.heading} {passage.lead} {passage.text}"
    fit = likeness + _WORDS_SHARE * topic.word_share(text)
    if topic.bridge:
        fit += _BRIDGE_SHARE * min(1.0, topic.bridge_count(text) / min(_BRIDGE_TERMS, len(topic.bridge)))
    return fit


def _rows(topic: Topic, passage: PassageRecord, number: int, fit: float) -> list[Statement]:
    rows = list(_value_rows(passage, number, fit))
    if len(rows) <= _MAX_ROWS and (breaks_down(topic.text) or len(rows) <= _MAX_ROWS_BY_LABEL):
        return [row for row, _ in rows]
    named = [(row, topic.word_share(label) + 0.1 * topic.bridge_count(label)) for row, label in rows]
    if sum(fits > 0 for _, fits in named) < _FEWEST_PARTS and breaks_down(topic.text):
        return [row for row, _ in rows[:_MAX_ROWS]]
    ranked = sorted((pair for pair in named if pair[1] > 0), key=lambda pair: -pair[1])[:_MAX_ROWS_BY_LABEL]
    return sorted((row for row, _ in ranked), key=lambda row: row.start)


def _value_rows(passage: PassageRecord, number: int, fit: float) -> Iterator[tuple[Statement, str]]:
    """Each row with a value, and its label; of those with one label under the same line only the first."""
    offset = 0
    seen: set[tuple[str, str]] = set()
    for line in passage.text.split("\n"):
        label, *cells = line.split(CELL_SEPARATOR)
        is_of_values = label.strip() and any(_VALUE.fullmatch(cell.strip()) for cell in cells)
        name = (section_above(passage.text, offset), label.strip())
        if is_of_values and name not in seen:
            seen.add(name)
            yield Statement(number, offset, offset + len(line), fit), label
        offset += len(line) + 1
