"""The passages among which a question is answered, with what is known of each: words, meaning, place, filing.

Of the filings in scope every passage is a candidate, and is scored exactly. Without a scope the best of the whole index
by each kind of search are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.index.catalog import PartEntry
from finrag_ml_tg1.index.reader import Index
from finrag_ml_tg1.retrieval.focus import Focus

__all__ = ["Candidates", "all_candidates", "candidates_of"]

Floats = npt.NDArray[np.float32]

_BEST_OF_EACH = 300


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
    found = [_of_part(index, focus, query, entry, wanted) for entry in _parts_of(index, wanted)]
    if not found:
        return _none()
    return Candidates(*(np.concatenate([getattr(part, field.name) for part in found]) for field in fields(Candidates)))


def all_candidates(index: Index, focus: Focus, query: Floats | None, accessions: Sequence[str] = ()) -> Candidates:
    """Return the best passages of the whole index by each of the searches, or of the many filings named."""
    postings, corpus, places = index.postings, index.corpus, index.places
    is_wanted = np.full(index.catalog.filings.height, not accessions)
    is_wanted[index.catalog.rows_of(accessions)] = True
    held = is_wanted[places.filings]
    words = postings.scores(focus.terms, corpus)
    context_words = postings.context_scores(focus.terms, corpus, places.contexts)
    bridge = postings.scores(focus.bridge, corpus)
    best = [_best(scores * held) for scores in (words, context_words + words, words + bridge * np.float32(0.5))]
    if query is not None:
        near = index.vectors.search(query, _BEST_OF_EACH)[0]
        best.append(near[held[near]])
    rows = np.unique(np.concatenate(best)).astype(np.int64)
    return Candidates(
        rows=rows,
        filings=places.filings[rows].astype(np.int64),
        contexts=places.contexts[rows].astype(np.int64),
        statements=places.statements[rows],
        items=places.items[rows],
        words=words[rows],
        context_words=context_words[rows],
        bridge=bridge[rows],
        context_bridge=bridge[rows],
        meaning=np.zeros(len(rows), dtype=np.float32) if query is None else index.vectors.similarities(query, rows),
    )


def _of_part(index: Index, focus: Focus, query: Floats | None, entry: PartEntry, wanted: Sequence[int]) -> Candidates:
    part = index.part(entry)
    places = part.places
    (first_filing,) = index.catalog.rows_of(part.rows["accession"][:1])
    found = Candidates(
        rows=np.arange(entry.row_start, entry.row_start + len(part)),
        filings=places.filings.astype(np.int64) + first_filing,
        # Counted from the part's first row, a context's number is no other part's.
        contexts=places.contexts.astype(np.int64) + entry.row_start,
        statements=places.statements,
        items=places.items,
        words=part.postings.scores(focus.terms, index.corpus),
        context_words=part.postings.context_scores(focus.terms, index.corpus, places.contexts),
        bridge=part.postings.scores(focus.bridge, index.corpus),
        context_bridge=part.postings.context_scores(focus.bridge, index.corpus, places.contexts),
        meaning=np.zeros(len(part), dtype=np.float32) if query is None else part.similarities(query),
    )
    return found.only(np.isin(found.filings, wanted))


def _parts_of(index: Index, filings: Sequence[int]) -> Iterator[PartEntry]:
    wanted = set(index.catalog.filings[filings].select("cik", "fiscal_year").iter_rows())
    return (entry for entry in index.catalog.parts if (entry.cik, entry.fiscal_year) in wanted)


def _best(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """The rows with the greatest scores above zero; the many zeros are put aside, as equal values are slow to part."""
    held = np.flatnonzero(scores > 0)
    if len(held) <= _BEST_OF_EACH:
        return held
    return held[np.argpartition(scores[held], len(held) - _BEST_OF_EACH)[len(held) - _BEST_OF_EACH :]]


def _none() -> Candidates:
    rows = np.empty(0, dtype=np.int64)
    codes = np.empty(0, dtype=np.uint8)
    scores = np.empty(0, dtype=np.float32)
    return Candidates(rows, rows, rows, codes, codes, scores, scores, scores, scores, scores)
