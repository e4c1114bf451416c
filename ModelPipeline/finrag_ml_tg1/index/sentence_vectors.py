"""Vectors of the sentences that may be quoted, beside those of their passages: no question waits for them.

A sentence is found by its place. One that is not there, as the rule for sentences was another when the part was made,
is for its reader to encode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.index.container import Arrays, narrowed
from finrag_ml_tg1.index.quotable import quotable_parts
from finrag_ml_tg1.index.vectors import quantise, similarities

__all__ = ["SentencePlaces", "SentenceVectors", "encoded_words", "pack_sentences", "sentences_of"]

# What is cut off a long sentence says the least, and costs as much as the rest.
_ENCODED_WORDS = 36
_ROWS, _SPANS, _CODES, _SCALES = "sentence_rows", "sentence_spans", "sentence_codes", "sentence_scales"


@dataclass(frozen=True, slots=True)
class SentencePlaces:
    """By sentence the row of its passage, and [start, end) in its text; and the words to encode."""

    rows: npt.NDArray[np.uint32]
    spans: npt.NDArray[np.uint32]
    words: list[str]


def encoded_words(sentence: str) -> str:
    """Return what of a sentence is encoded."""
    return " ".join(sentence.split()[:_ENCODED_WORDS])


def sentences_of(rows: pl.DataFrame) -> SentencePlaces:
    """Return the sentences that may be quoted of passages (`kind` and `text`), row by row, each place once."""
    places, words = [], []
    for row, (kind, text) in enumerate(zip(rows["kind"], rows["text"], strict=True)):
        for start, end in dict.fromkeys((part.start, part.end) for part in quotable_parts(text, kind)):
            places.append((row, start, end))
            words.append(encoded_words(text[start:end]))
    found = np.array(places, dtype=np.uint32).reshape(-1, 3)
    return SentencePlaces(found[:, 0], found[:, 1:], words)


def pack_sentences(places: SentencePlaces, vectors: npt.NDArray[np.float32]) -> Arrays:
    """Return the arrays of `SentenceVectors`; `vectors` (n x d) are in the order of the places."""
    codes, scales = quantise(vectors)
    return {_ROWS: narrowed(places.rows), _SPANS: narrowed(places.spans), _CODES: codes, _SCALES: scales}


class SentenceVectors:
    """The sentences of one part, in the order of its rows; of none where its arrays hold no sentences."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays if _ROWS in arrays else None

    def likeness(self, query: npt.NDArray[np.float32], places: Sequence[tuple[int, int, int]]) -> list[float | None]:
        """Return the cosine with a query vector of the sentence at each (row, start, end); None where none is kept."""
        found = [self._find(*place) for place in places]
        kept = [place for place in found if place is not None]
        if self._arrays is None or not kept:
            return [None] * len(found)
        cosines = similarities(self._arrays[_CODES][kept], self._arrays[_SCALES][kept], query)
        by_place = dict(zip(kept, cosines.tolist(), strict=True))
        return [None if place is None else by_place[place] for place in found]

    def _find(self, row: int, start: int, end: int) -> int | None:
        if self._arrays is None:
            return None
        rows = self._arrays[_ROWS]
        first, last = (int(np.searchsorted(rows, rows.dtype.type(row), side)) for side in ("left", "right"))
        spans = self._arrays[_SPANS][first:last].tolist()
        return first + spans.index([start, end]) if [start, end] in spans else None
