"""Scope to ranked passages: BM25 and sentence vectors over exactly the filings in scope, fused by rank.

A filter is a slice: only the parts of the companies and years in scope are scored, all of their rows. Without a
company or year the global files answer. Several companies or years get an equal share of the list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.index.catalog import PartEntry
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.reader import Index, PassageRecord
from finrag_ml_tg1.retrieval.fusion import fuse_rankings, top_rows
from finrag_ml_tg1.scope import Scope
from finrag_ml_tg1.vocabulary.items import items_worded_in
from finrag_ml_tg1.vocabulary.statements import statements_of_line_items

__all__ = ["search"]

_CANDIDATES = 200
_MOST_OF_ONE_FILING = 2

# Why a figure changed is told in Management's Discussion and Analysis.
_ASKS_FOR_REASON = re.compile(r"\b(?:why did|what (?:drove|caused|led to)|reasons? for)\b", re.IGNORECASE)
_DISCUSSION = frozenset(("7", "I-2"))


@dataclass(frozen=True, slots=True)
class _Scores:
    """Scores of rows of the whole index; -1 similarity marks rows the vector search did not reach."""

    rows: npt.NDArray[np.int64]
    similarities: npt.NDArray[np.float32]
    lexical: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Hints:
    """Where the answer probably stands: items and statements. They reorder, they never exclude."""

    items: frozenset[str]
    statements: frozenset[str]

    def fits(self, record: PassageRecord) -> bool:
        """Whether a passage stands there."""
        return record.item in self.items or record.statement in self.statements


def search(index: Index, question: str, scope: Scope, count: int, *, dense: bool = True) -> list[PassageRecord]:
    """Return at most `count` passages for the question, best first."""
    query = index.encoder.encode([question])[0]
    terms = split_terms(scope.topic)
    hints = _read_hints(scope.topic, question)
    if not scope.accessions:
        ranked = _ranked(index, _score_all(index, query, terms, scope.items), hints, _CANDIDATES)
        return list(_spread_over_filings(ranked))[:count]
    groups = [
        _ranked(index, _score_filings(index, query, terms, group, scope.items), hints, count)
        for group in scope.accessions
    ]
    if len(groups) == 1 and not scope.companies:
        return list(_spread_over_filings(groups[0]))[:count]
    return list(_interleaved(groups))[:count]


def _score_filings(
    index: Index, query: npt.NDArray[np.float32], terms: list[str], accessions: Sequence[str], items: Sequence[str]
) -> _Scores:
    """Exact scores of every passage of the filings named."""
    rows: list[npt.NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    similarities: list[npt.NDArray[np.float32]] = [np.empty(0, dtype=np.float32)]
    lexical: list[npt.NDArray[np.float32]] = [np.empty(0, dtype=np.float32)]
    for entry in _parts_of(index, accessions):
        part = index.part(entry)
        mask = part.rows["accession"].is_in(list(accessions)).to_numpy().copy()
        if items:
            mask &= part.rows["item"].is_in(_with_parts(items)).to_numpy()
        local = np.flatnonzero(mask)
        rows.append(local + entry.row_start)
        similarities.append(part.similarities(query)[local])
        lexical.append(part.postings.scores(terms, index.corpus)[local])
    return _Scores(np.concatenate(rows), np.concatenate(similarities), np.concatenate(lexical))


def _parts_of(index: Index, accessions: Sequence[str]) -> Iterable[PartEntry]:
    wanted = {(filing["cik"], filing["fiscal_year"]) for filing in map(index.catalog.filing, accessions) if filing}
    return [entry for entry in index.catalog.parts if (entry.cik, entry.fiscal_year) in wanted]


def _with_parts(items: Sequence[str]) -> list[str]:
    """Item 2 also means Part I and Part II, Item 2 of a 10-Q."""
    return [name for item in items for name in (item, f"I-{item}", f"II-{item}")]


def _score_all(index: Index, query: npt.NDArray[np.float32], terms: list[str], items: Sequence[str]) -> _Scores:
    """The best rows of the whole index by either search."""
    lexical = index.postings.scores(terms, index.corpus)
    near_rows, near_scores = index.vectors.search(query, _CANDIDATES)
    rows = np.union1d(near_rows, top_rows(lexical, _CANDIDATES))
    if items:
        wanted = set(_with_parts(items))
        rows = np.array([row for row in rows if index.record(int(row)).item in wanted], dtype=np.int64)
    similarities = np.full(len(rows), -1.0, dtype=np.float32)
    by_row = dict(zip(near_rows.tolist(), near_scores.tolist(), strict=True))
    for position, row in enumerate(rows.tolist()):
        similarities[position] = by_row.get(row, -1.0)
    return _Scores(rows, similarities, lexical[rows])


def _read_hints(topic: str, question: str) -> _Hints:
    if _ASKS_FOR_REASON.search(question):
        return _Hints(items_worded_in(topic) | _DISCUSSION, frozenset())
    return _Hints(items_worded_in(topic), statements_of_line_items(topic))


def _ranked(index: Index, scores: _Scores, hints: _Hints, count: int) -> list[PassageRecord]:
    """Fuse both rankings; passages of an item or a statement that the question hints at rank once more."""
    rankings = [top_rows(scores.similarities, _CANDIDATES).tolist(), top_rows(scores.lexical, _CANDIDATES).tolist()]
    fused = fuse_rankings(rankings, _CANDIDATES)
    records = {row: index.record(int(scores.rows[row])) for row, _ in fused}
    hinted = [row for row, record in records.items() if hints.fits(record)]
    if hinted:
        fused = fuse_rankings([*rankings, hinted], _CANDIDATES)
    return [records[row] for row, _ in fused[:count]]


def _spread_over_filings(ranked: Iterable[PassageRecord]) -> Iterator[PassageRecord]:
    """Keep the order, but no more than a few passages of one filing, so that several companies show."""
    seen: Counter[str] = Counter()
    for passage in ranked:
        seen[passage.accession] += 1
        if seen[passage.accession] <= _MOST_OF_ONE_FILING:
            yield passage


def _interleaved(groups: Sequence[Sequence[PassageRecord]]) -> Iterator[PassageRecord]:
    for rank in zip_longest(*groups):
        yield from (passage for passage in rank if passage is not None)
