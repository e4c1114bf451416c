"""The row of a table that a question asks for, by its label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.answering.page_index import is_page_index
from finrag_ml_tg1.answering.quotation import Statement
from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.index.lexical import opening_of_forms, split_terms
from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.quotable import CELL_SEPARATOR

__all__ = ["best_row"]

_MIN_LABEL_SHARE = 0.75
_MIN_FIT = 0.55
_RANK_STEP = 0.012
_LAST_RANK_COUNTED = 20
_STATEMENT_REWARD = 0.1
_NUMBER = re.compile(r"[$€£¥(]*-?\d[\d,.]*\)?\s*%?\)?")
# Footnotes, and what a line is called in other years: "Net income (loss)".
_IN_PARENTHESES = re.compile(r"\s*\([^()]*\)")
_JOINING = re.compile(r"\b(?:a|an|and|as|at|by|for|from|in|of|on|or|the|to|with)\b")
_PERCENT_PENALTY = 0.2
_ASKS_FOR_PERCENT = re.compile(r"%|percent|margin|rate|share|growth|change|yield|ratio", re.IGNORECASE)
_SHORT_CAPTION_CHARS = 60
_TOTAL = frozenset(split_terms("total"))


def best_row(topic: Topic, passages: Sequence[PassageRecord], *, accession: str | None = None) -> Statement | None:
    """Return the row whose label is what the question asks for, or None.

    Nearly all words of the label have to be asked for, and nearly all that is asked has to stand in the label or around
    the table: "net income" is not answered by "net income per share".
    """
    asked_words = _words(topic.text)
    openings = {opening_of_forms(term) for term in (*topic.weights, *_TOTAL)}
    best: Statement | None = None
    for number, passage in enumerate(passages):
        if passage.kind != "table" or (accession is not None and passage.accession != accession):
            continue
        if is_page_index(passage):
            continue
        surroundings = f"{passage.heading} {passage.lead}"
        reward = (_STATEMENT_REWARD if passage.statement != "none" else 0.0) - _RANK_STEP * min(
            number, _LAST_RANK_COUNTED
        )
        for start, end in _rows(passage.text):
            label, *cells = passage.text[start:end].split(CELL_SEPARATOR)
            plain = label.lower()
            if not any(opening in plain for opening in openings):
                continue
            words = _words(_IN_PARENTHESES.sub("", label))
            if not words & topic.weights.keys() | (words & _TOTAL) or not any(
                _NUMBER.fullmatch(cell) for cell in cells
            ):
                continue
            if words == _TOTAL and not _is_total_of(topic, passage.lead):
                continue
            share = 1.0 if words == _TOTAL else len(words & asked_words) / len(words)
            fit = share * topic.coverage(f"{label} {surroundings}") + reward
            fit -= _PERCENT_PENALTY if _is_of_percents(cells) and not _ASKS_FOR_PERCENT.search(topic.text) else 0.0
            if share >= _MIN_LABEL_SHARE and fit >= _MIN_FIT and (best is None or fit > best.fit):
                best = Statement(number, start, end, fit)
    return best


def _is_of_percents(cells: Sequence[str]) -> bool:
    """Whether a row holds shares or changes rather than amounts."""
    numbers = [cell for cell in cells if _NUMBER.fullmatch(cell)]
    return all("%" in cell for cell in numbers)


def _words(text: str) -> frozenset[str]:
    """The stemmed words of a label without words that only join, figures, and "total" beside other words."""
    words = frozenset(split_terms(_JOINING.sub(" ", text.lower()), keep_stop_words=True))
    telling = frozenset(word for word in words if any(char.isalpha() for char in word))
    return telling - _TOTAL or telling


def _is_total_of(topic: Topic, lead: str) -> bool:
    """Whether a bare "Total" is the total asked for: the caption is short and names just that."""
    caption = lead.split("\n", maxsplit=1)[0]
    return len(caption) <= _SHORT_CAPTION_CHARS and topic.word_share(caption) == 1.0 and "total" in topic.text.lower()


def _rows(text: str) -> Iterator[tuple[int, int]]:
    offset = 0
    for line in text.split("\n"):
        if line:
            yield offset, offset + len(line)
        offset += len(line) + 1
