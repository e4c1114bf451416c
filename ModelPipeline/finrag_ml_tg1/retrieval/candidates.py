"""The passages among which a question is answered, with what is known of each: words, meaning, place, filing.

Of the filings in scope every passage is a candidate, and is scored exactly. Without a scope the best of the whole index
by each kind of search are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.index.catalog import PartEntry
from finrag_ml_tg1.index.lexical import WeightedTerms
from finrag_ml_tg1.index.reader import Index
from finrag_ml_tg1.index.segment import Segment
from finrag_ml_tg1.retrieval.focus import Focus

__all__ = ["Candidates", "all_candidates", "candidates_of"]

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

_BEST_OF_EACH = 300
_SEARCHES = 3


@dataclass(frozen=True, slots=True)
class Candidates:
    """Arrays of the same length, one entry a passage; `rows` are of the whole index, `filings` of its catalog.

    `words` and `bridge` are BM25 scores for the terms asked and the filing's words for them, `context_words` and
    `context_bridge` those of the page or stretch the passage stands in; `meaning` is the cosine with the question.
    Places are as in index.places.
    """

    rows: npt.NDArray[np.int64]
    filings: npt.NDArray[np.int64]
    contexts: npt.NDArray[np.int64]
    statements: npt.NDArray[np.uint8]
    items: npt.NDArray[np.uint8]
    words: Floats
    context_words: Floats
    bridge: Floats
    context_bridge: Floats
    meaning: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, chosen: npt.NDArray[np.bool_]) -> Candidates:
        """Return those chosen."""
        return Candidates(*(getattr(self, field.name)[chosen] for field in fields(self)))


def candidates_of(index: Index, focus: Focus, query: Floats | None, accessions: Sequence[str]) -> Candidates:
    """Return every passage of the filings named."""
    wanted = index.catalog.rows_of(accessions)
    entries = list(_parts_of(index, wanted))
    index.parts.open_all(entries)
    found = [_of_part(index, focus, query, entry, wanted) for entry in entries]
    if not found:
        return _none()
    return _joined(found)


def all_candidates(index: Index, focus: Focus, query: Floats | None, accessions: Sequence[str] = ()) -> Candidates:
    """Return the best passages of the whole index by each of the searches, or of the many filings named.

    Where words are not searched in all passages (index.segment), those nearest in meaning alone.
    """
    among = _rows_among(index, accessions) if accessions else None
    near = np.sort(index.vectors.nearest(query, _BEST_OF_EACH, among)[0]) if query is not None else _no_rows()
    asked = _Asked(index.corpus.weighted(focus.terms), index.corpus.weighted(focus.bridge))
    starts = [segment.row_start for segment in index.segments]
    near_of_each = np.split(near, np.searchsorted(near, starts[1:]))
    found = [
        _of_segment(index, asked, segment, own_near - segment.row_start, among[number] if among is not None else None)
        for number, (segment, own_near) in enumerate(zip(index.segments, near_of_each, strict=True))
        if segment.postings is not None or len(own_near)
    ]
    if not found:
        return _none()
    best = _best_of_all(_joined(found), near)
    return best if query is None else replace(best, meaning=index.vectors.coarse_similarities(query, best.rows))


class _Asked:
    """The words asked and the filings' words for them, and what a passage must score to be among the best so far."""

    def __init__(self, terms: WeightedTerms, bridge: WeightedTerms) -> None:
        self.terms = terms
        self.bridge = bridge
        self._floors = [np.float32(0)] * _SEARCHES

    def best(self, searches: Sequence[Floats], among: Rows | None) -> list[Rows]:
        """Return by each search the rows that may be among the best of all."""
        found = []
        for number, scores in enumerate(searches):
            rows = _best(scores, among, self._floors[number])
            if len(rows) == _BEST_OF_EACH:
                self._floors[number] = max(self._floors[number], scores[rows].min())
            found.append(rows)
        return found


def _rows_among(index: Index, accessions: Sequence[str]) -> list[Rows]:
    """The rows of each segment that stand in the filings named."""
    is_wanted = np.zeros(index.catalog.filings.height, dtype=np.bool_)
    is_wanted[index.catalog.rows_of(accessions)] = True
    return [np.flatnonzero(is_wanted[segment.first_filing :][segment.places.filings]) for segment in index.segments]


def _of_segment(index: Index, asked: _Asked, segment: Segment, near: Rows, among: Rows | None) -> Candidates:
    """Those near in meaning, and the best by words of a segment; their meaning is not yet known."""
    places, postings = segment.places, segment.postings
    if postings is None:
        words = context_words = bridge = np.zeros(len(segment), dtype=np.float32)
        rows = near
    else:
        words = postings.scores(asked.terms)
        context_words = postings.context_scores(asked.terms, places.contexts, index.corpus.mean_context_length)
        bridge = postings.scores(asked.bridge)
        rows = np.unique(np.concatenate([near, *asked.best(_searches(words, context_words, bridge), among)]))
    return Candidates(
        rows=rows + segment.row_start,
        filings=segment.filings(rows),
        # Counted from the segment's first row, a context's number is no other segment's.
        contexts=places.contexts[rows].astype(np.int64) + segment.row_start,
        statements=places.statements[rows],
        items=places.items[rows],
        words=words[rows],
        context_words=context_words[rows],
        bridge=bridge[rows],
        context_bridge=bridge[rows],
        meaning=np.zeros(len(rows), dtype=np.float32),
    )


def _searches(words: Floats, context_words: Floats, bridge: Floats) -> tuple[Floats, ...]:
    """By what the best are looked for: the passage's words, its page's, those of filings for them."""
    return words, context_words + words, words + bridge * np.float32(0.5)


def _best_of_all(found: Candidates, near: Rows) -> Candidates:
    """Of the best of each segment the best of all."""
    chosen = np.isin(found.rows, near)
    for scores in _searches(found.words, found.context_words, found.bridge):
        chosen[_best(scores, None, np.float32(0))] = True
    return found.only(chosen)


def _of_part(index: Index, focus: Focus, query: Floats | None, entry: PartEntry, wanted: Sequence[int]) -> Candidates:
    part = index.parts.opened(entry)
    places = part.places
    terms, bridge = index.corpus.weighted(focus.terms), index.corpus.weighted(focus.bridge)
    (first_filing,) = index.catalog.rows_of((part.rows.accession(0),))
    found = Candidates(
        rows=np.arange(entry.row_start, entry.row_start + len(part)),
        filings=places.filings.astype(np.int64) + first_filing,
        # Counted from the part's first row, a context's number is no other part's.
        contexts=places.contexts.astype(np.int64) + entry.row_start,
        statements=places.statements,
        items=places.items,
        words=part.postings.scores(terms),
        context_words=part.postings.context_scores(terms, places.contexts),
        bridge=part.postings.scores(bridge),
        context_bridge=part.postings.context_scores(bridge, places.contexts),
        meaning=np.zeros(len(part), dtype=np.float32) if query is None else part.similarities(query),
    )
    return found.only(np.isin(found.filings, wanted))


def _parts_of(index: Index, filings: Sequence[int]) -> Iterator[PartEntry]:
    wanted = set(index.catalog.filings[filings].select("cik", "fiscal_year").iter_rows())
    return (part for part in index.catalog.parts if part.rows and (part.cik, part.fiscal_year) in wanted)


def _best(scores: Floats, among: Rows | None, floor: np.float32) -> Rows:
    """The rows with the greatest scores above the floor; equal values, as many zeros are, would be slow to part."""
    held = np.flatnonzero(scores > floor) if among is None else among[scores[among] > floor]
    if len(held) <= _BEST_OF_EACH:
        return held
    return held[np.argpartition(scores[held], len(held) - _BEST_OF_EACH)[len(held) - _BEST_OF_EACH :]]


def _joined(found: Sequence[Candidates]) -> Candidates:
    return Candidates(*(np.concatenate([getattr(own, field.name) for own in found]) for field in fields(Candidates)))


def _no_rows() -> Rows:
    return np.empty(0, dtype=np.int64)


def _none() -> Candidates:
    codes = np.empty(0, dtype=np.uint8)
    scores = np.empty(0, dtype=np.float32)
    return Candidates(_no_rows(), _no_rows(), _no_rows(), codes, codes, scores, scores, scores, scores, scores)
