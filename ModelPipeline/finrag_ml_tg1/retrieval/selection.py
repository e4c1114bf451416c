"""Scored candidates to a list: companies asked for get their share, nothing is shown twice, open questions spread."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.reader import Index
from finrag_ml_tg1.retrieval.candidates import Candidates, Floats

__all__ = ["select"]

# Candidates looked at for each passage wanted, as some repeat others.
_LOOKED_AT = 4
# Of the filings that are asked for beside one another each passage makes the next of the same filing less welcome.
_TAKEN = 0.06
_MOST_OF_ONE_FILING = 2


def select(
    index: Index, found: Candidates, scores: Floats, groups: Sequence[set[int]], count: int, *, by_company: bool = False
) -> list[PassageRecord]:
    """Return at most `count` passages, best first.

    `groups` are the filings asked for beside one another, in the order asked; without groups the question is open, and
    a few passages of each filing are returned, or with `by_company` the best of each company. The same words are
    returned once.
    """
    order = np.argsort(-scores, kind="stable")
    if not groups:
        ciks = index.catalog.filings["cik"].to_numpy()
        sources = ciks[found.filings] if by_company else found.filings
        most = 1 if by_company else _MOST_OF_ONE_FILING
        return list(_unrepeated(index, _spread(sources, order, most), found, count))
    of_each = [_of_company(found, scores, order, own, count) for own in _companies(index, groups)]
    interleaved = (place for rank in zip_longest(*of_each) for place in rank if place is not None)
    return list(_unrepeated(index, interleaved, found, count))


def _companies(index: Index, groups: Sequence[set[int]]) -> list[list[set[int]]]:
    """The groups of each company, in the order asked."""
    ciks = index.catalog.filings["cik"]
    companies: dict[int, list[set[int]]] = {}
    for group in groups:
        if group:
            companies.setdefault(int(ciks[min(group)]), []).append(group)
    return list(companies.values())


def _of_company(
    found: Candidates, scores: Floats, order: npt.NDArray[np.int64], groups: Sequence[set[int]], count: int
) -> list[int]:
    """The best of a company's candidates; where several of its filings are asked for, each comes to word."""
    filings = set[int]().union(*groups)
    own = [place for place in order.tolist() if int(found.filings[place]) in filings]
    if len(groups) == 1:
        return own[: _LOOKED_AT * count]
    waiting: dict[int, deque[int]] = {}
    for place in own:
        waiting.setdefault(int(found.filings[place]), deque()).append(place)
    taken: Counter[int] = Counter()
    chosen: list[int] = []
    while waiting and len(chosen) < _LOOKED_AT * count:
        best = max(waiting, key=lambda filing: scores[waiting[filing][0]] - _TAKEN * taken[filing])
        chosen.append(waiting[best].popleft())
        taken[best] += 1
        if not waiting[best]:
            del waiting[best]
    return chosen


def _spread(sources: npt.NDArray[np.int64], order: npt.NDArray[np.int64], most: int) -> Iterator[int]:
    """Keep the order, but no more than `most` passages of one source: a company repeats itself from year to year."""
    seen: Counter[int] = Counter()
    for place in order.tolist():
        source = int(sources[place])
        seen[source] += 1
        if seen[source] <= most:
            yield place


def _unrepeated(index: Index, places: Iterator[int], found: Candidates, count: int) -> Iterator[PassageRecord]:
    """The passages, each text once: an amendment repeats its report, a collector keeps a filing twice."""
    seen: set[str] = set()
    while rows := [int(found.rows[place]) for place in islice(places, count - len(seen))]:
        for record in index.records(rows):
            words = " ".join(record.text.split())
            if words not in seen:
                seen.add(words)
                yield record
