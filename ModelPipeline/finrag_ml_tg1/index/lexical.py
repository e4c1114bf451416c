"""Term counts and BM25 (Robertson and Zaragoza, 2009): one way of scoring for a part and for all.

Terms are kept as 64-bit hashes, so parts need no shared vocabulary and stay unchanged when others are added. A part's
rows are scored with the document frequencies of the whole index: a filter changes which rows compete, not their scores.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import filterfalse
from typing import Any

import numpy as np
import numpy.typing as npt
import Stemmer

from finrag_ml_tg1.index.container import Arrays, narrowed

__all__ = [
    "CorpusStatistics",
    "Postings",
    "WeightedTerms",
    "build_postings",
    "merge_postings",
    "merge_statistics",
    "opening_of_forms",
    "split_terms",
]

_K1 = 1.5
_B = 0.75
_MAX_COUNT = 255

_WORD = re.compile(r"[a-z0-9]+(?:[.,][0-9]+)*(?:&[a-z])?")
_STOP_WORDS = frozenset(
    "a about after all also an and any are as at be because been before being between both but by can could did "
    "do does during each for from had has have how if in into is it its may more most much no nor not of on or "
    "other our out over own same she should so some such than that the their them then there these they this "
    "those through to under up very was we were what when where which while who whom why will with would you your "
    "s".split()
)

_MOST_KEPT_WORDS = 50_000

_stemmers = threading.local()


class _Stems(dict[str, str]):
    """The stems of words met before: looked up for every word of every text, so without a call for each."""

    def __missing__(self, word: str) -> str:
        # PyStemmer objects keep state and must not be shared between threads.
        stemmer = getattr(_stemmers, "english", None)
        if stemmer is None:
            stemmer = _stemmers.english = Stemmer.Stemmer("english")
        if len(self) >= _MOST_KEPT_WORDS:
            self.clear()
        stem = self[word] = str(stemmer.stemWord(word))
        return stem


_stems = _Stems()


def split_terms(text: str, *, keep_stop_words: bool = False) -> list[str]:
    """Return the stemmed words of a text in order, without stop words; numbers stay as printed ("391,035")."""
    words = _WORD.findall(text.lower())
    return list(map(_stems.__getitem__, words if keep_stop_words else filterfalse(_STOP_WORDS.__contains__, words)))


def opening_of_forms(term: str) -> str:
    """Return what every word with this stem starts with: a text without it, in lower case, does not hold the term.

    Endings are cut off or changed, in the last two letters of what is left at most ("skies" and "sky", "dying" and
    "die").
    """
    return term[:-2] or term[:1]


@lru_cache(maxsize=200_000)
def _hash(term: str) -> int:
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class WeightedTerms:
    """A query's terms by hash, with the inverse document frequency of each, and the mean length of a row in terms."""

    hashes: npt.NDArray[np.uint64]
    weights: npt.NDArray[np.float32]
    mean_length: float


@dataclass(frozen=True, slots=True)
class CorpusStatistics:
    """What BM25 needs to know of the whole index: rows, contexts, their length, document frequencies."""

    rows: int
    contexts: int
    length: int
    term_hashes: npt.NDArray[np.uint64]
    frequencies: npt.NDArray[np.uint32]

    @property
    def mean_length(self) -> float:
        """The mean length of a row in terms."""
        return self.length / self.rows if self.rows else 0.0

    @property
    def mean_context_length(self) -> float:
        """The mean length of a context (index.places) in terms."""
        return self.length / self.contexts if self.contexts else 0.0

    def document_frequency(self, term: str) -> int:
        """Return in how many rows the term stands."""
        index = _places_of(self.term_hashes, np.array([_hash(term)], dtype=np.uint64))[0]
        return int(self.frequencies[index]) if index >= 0 else 0

    def weighted(self, terms: Iterable[str]) -> WeightedTerms:
        """Return a query's terms, each once, with their inverse document frequencies."""
        hashes = np.array([_hash(term) for term in dict.fromkeys(terms)], dtype=np.uint64)
        places = _places_of(self.term_hashes, hashes)
        frequencies = np.where(places >= 0, self.frequencies[places], 0) if len(self.frequencies) else places * 0
        weights = np.log1p((self.rows - frequencies + 0.5) / (frequencies + 0.5)).astype(np.float32)
        return WeightedTerms(hashes, weights, self.mean_length)

    def to_arrays(self) -> Arrays:
        """Return everything as arrays by name."""
        totals = np.array([self.rows, self.contexts, self.length], dtype=np.int64)
        return {"totals": totals, "term_hashes": self.term_hashes, "frequencies": self.frequencies}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> CorpusStatistics:
        """Read what `to_arrays` gave."""
        rows, contexts, length = (int(total) for total in arrays["totals"])
        return cls(rows, contexts, length, arrays["term_hashes"], arrays["frequencies"])


def merge_statistics(of_parts: Sequence[CorpusStatistics]) -> CorpusStatistics:
    """Return the statistics of all parts together."""
    hashes = np.concatenate([np.empty(0, np.uint64), *(part.term_hashes for part in of_parts)])
    frequencies = np.concatenate([np.empty(0, np.uint32), *(part.frequencies for part in of_parts)])
    unique, inverse = np.unique(hashes, return_inverse=True)
    summed = np.zeros(len(unique), dtype=np.uint32)
    np.add.at(summed, inverse, frequencies)
    return CorpusStatistics(
        sum(part.rows for part in of_parts),
        sum(part.contexts for part in of_parts),
        sum(part.length for part in of_parts),
        unique,
        summed,
    )


class Postings:
    """Which rows hold a term how often.

    Arrays: term_hashes u64[t], sorted; term_offsets u32[t+1] into term_rows u16 or u32 and term_counts u8; lengths
    u16[n].
    """

    def __init__(self, arrays: Arrays) -> None:
        self._hashes = arrays["term_hashes"]
        self._offsets = arrays["term_offsets"]
        self._rows = arrays["term_rows"]
        self._counts = arrays["term_counts"]
        self._lengths = arrays["lengths"]
        self._of_contexts: tuple[float | None, npt.NDArray[np.float32]] | None = None
        self._norms: tuple[float, npt.NDArray[np.float32]] | None = None

    def statistics(self, contexts: int = 0) -> CorpusStatistics:
        """Return the statistics of exactly these rows, which stand in so many contexts."""
        frequencies = np.diff(self._offsets).astype(np.uint32)
        return CorpusStatistics(len(self._lengths), contexts, int(self._lengths.sum()), self._hashes, frequencies)

    def scores(self, terms: WeightedTerms) -> npt.NDArray[np.float32]:
        """Return the BM25 score of each row for the query terms; 0 where none of them stands."""
        scores = np.zeros(len(self._lengths), dtype=np.float32)
        norms = self._row_norms(terms.mean_length)
        for weight, rows, counts in self._occurrences(terms):
            scores[rows] += _saturated(weight, counts, norms[rows])
        return scores

    def context_scores(
        self,
        terms: WeightedTerms,
        contexts: npt.NDArray[np.uint16 | np.uint32],
        mean_length: float | None = None,
    ) -> npt.NDArray[np.float32]:
        """Return for each row the BM25 score of its context, all rows with the same number, read as one text.

        `mean_length` is that of the contexts in terms; without it that of these.
        """
        if not len(contexts):
            return np.zeros(0, dtype=np.float32)
        norms = self._context_norms(contexts, mean_length)
        scores = np.zeros(len(norms), dtype=np.float32)
        for weight, rows, counts in self._occurrences(terms):
            # Rows of a term are sorted, so those of one context stand side by side.
            own = contexts[rows]
            starts = np.append(0, np.flatnonzero(own[1:] != own[:-1]) + 1)
            held = own[starts]
            scores[held] += _saturated(weight, np.add.reduceat(counts, starts), norms[held])
        return scores[contexts]

    def _occurrences(
        self, terms: WeightedTerms
    ) -> Iterator[tuple[np.float32, npt.NDArray[np.uint16 | np.uint32], npt.NDArray[np.float32]]]:
        """Yield for each term held its inverse document frequency, the rows that hold it, and how often."""
        for place, weight in zip(_places_of(self._hashes, terms.hashes), terms.weights, strict=True):
            if place >= 0:
                start, end = int(self._offsets[place]), int(self._offsets[place + 1])
                yield weight, self._rows[start:end], self._counts[start:end].astype(np.float32)

    def _row_norms(self, mean_length: float) -> npt.NDArray[np.float32]:
        kept = self._norms  # versions that share a part may each ask with a mean of their own, at the same moment
        if kept is None or kept[0] != mean_length:
            kept = self._norms = mean_length, _norms(self._lengths.astype(np.float32), mean_length)
        return kept[1]

    def _context_norms(
        self, contexts: npt.NDArray[np.uint16 | np.uint32], mean_length: float | None
    ) -> npt.NDArray[np.float32]:
        kept = self._of_contexts
        if kept is None or kept[0] != mean_length:
            lengths = np.bincount(contexts, weights=self._lengths).astype(np.float32)
            norms = _norms(lengths, float(lengths.mean()) if mean_length is None else mean_length)
            kept = self._of_contexts = mean_length, norms
        return kept[1]


def _norms(lengths: npt.NDArray[np.float32], mean_length: float) -> npt.NDArray[np.float32]:
    return np.asarray(_K1 * (1 - _B + _B * lengths / np.float32(mean_length or 1)), dtype=np.float32)


def _saturated(
    weight: np.float32, counts: npt.NDArray[np.float32], norms: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    return np.asarray(counts * (weight * np.float32(_K1 + 1)) / (counts + norms), dtype=np.float32)


def build_postings(texts: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of `Postings` for texts, row i for text i."""
    rows: list[int] = []
    hashes: list[int] = []
    counts: list[int] = []
    lengths = np.zeros(len(texts), dtype=np.uint32)
    for row, text in enumerate(texts):
        terms = split_terms(text)
        lengths[row] = len(terms)
        for term, count in Counter(terms).items():
            rows.append(row)
            hashes.append(_hash(term))
            counts.append(min(count, _MAX_COUNT))
    return _arranged(
        np.array(hashes, dtype=np.uint64), np.array(rows, dtype=np.uint32), np.array(counts, dtype=np.uint8), lengths
    )


def merge_postings(parts: Sequence[Arrays]) -> dict[str, npt.NDArray[Any]]:
    """Return the postings of all parts one after another: row numbers run on from part to part."""
    starts = np.cumsum([0, *(len(part["lengths"]) for part in parts)])
    hashes = [np.repeat(part["term_hashes"], np.diff(part["term_offsets"])) for part in parts]
    rows = [part["term_rows"].astype(np.uint32) + np.uint32(start) for part, start in zip(parts, starts, strict=False)]
    return _arranged(
        np.concatenate([np.empty(0, np.uint64), *hashes]),
        np.concatenate([np.empty(0, np.uint32), *rows]),
        np.concatenate([np.empty(0, np.uint8), *(part["term_counts"] for part in parts)]),
        np.concatenate([np.empty(0, np.uint32), *(part["lengths"] for part in parts)]),
    )


def _arranged(
    hashes: npt.NDArray[np.uint64],
    rows: npt.NDArray[np.uint32],
    counts: npt.NDArray[np.uint8],
    lengths: npt.NDArray[np.uint32],
) -> dict[str, npt.NDArray[Any]]:
    order = np.lexsort((rows, hashes))
    unique, first = np.unique(hashes[order], return_index=True)
    return {
        "term_hashes": unique,
        "term_offsets": np.append(first, len(hashes)).astype(np.uint32),
        "term_rows": narrowed(rows[order]),
        "term_counts": counts[order],
        "lengths": narrowed(lengths),
    }


def _places_of(sorted_hashes: npt.NDArray[np.uint64], wanted: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Where each hash stands; -1 for one that is not there."""
    if not len(sorted_hashes):
        return np.full(len(wanted), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(sorted_hashes, wanted), len(sorted_hashes) - 1)
    return np.where(sorted_hashes[places] == wanted, places, -1)
