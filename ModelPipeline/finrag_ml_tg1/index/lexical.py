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
from typing import Any

import numpy as np
import numpy.typing as npt
import Stemmer

from finrag_ml_tg1.index.container import Arrays

__all__ = ["CorpusStatistics", "Postings", "build_postings", "merge_postings", "split_terms"]

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

_stemmers = threading.local()


def split_terms(text: str, *, keep_stop_words: bool = False) -> list[str]:
    """Return the stemmed words of a text in order, without stop words; numbers stay as printed ("391,035")."""
    words = _WORD.findall(text.lower().replace("’", "'"))
    return [_stem(word) for word in words if keep_stop_words or word not in _STOP_WORDS]


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    # PyStemmer objects keep state and must not be shared between threads.
    stemmer = getattr(_stemmers, "english", None)
    if stemmer is None:
        stemmer = _stemmers.english = Stemmer.Stemmer("english")
    return str(stemmer.stemWord(word))


@lru_cache(maxsize=200_000)
def _hash(term: str) -> int:
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class CorpusStatistics:
    """What BM25 needs to know of the whole index: number of rows, their mean length in terms, document frequencies."""

    rows: int
    mean_length: float
    term_hashes: npt.NDArray[np.uint64]
    frequencies: npt.NDArray[np.int64]

    def document_frequency(self, term: str) -> int:
        """Return in how many rows the term stands."""
        index = _find(self.term_hashes, _hash(term))
        return int(self.frequencies[index]) if index is not None else 0


class Postings:
    """Which rows hold a term how often.

    Arrays: term_hashes u64[t], sorted; term_offsets i64[t+1] into term_rows u32 and term_counts u8; lengths u32[n].
    """

    def __init__(self, arrays: Arrays) -> None:
        self._hashes = arrays["term_hashes"]
        self._offsets = arrays["term_offsets"]
        self._rows = arrays["term_rows"]
        self._counts = arrays["term_counts"]
        self._lengths = arrays["lengths"]

    def statistics(self) -> CorpusStatistics:
        """Return the statistics of exactly these rows."""
        mean = float(self._lengths.mean()) if len(self._lengths) else 0.0
        return CorpusStatistics(len(self._lengths), mean, self._hashes, np.diff(self._offsets))

    def scores(self, terms: Iterable[str], corpus: CorpusStatistics) -> npt.NDArray[np.float32]:
        """Return the BM25 score of each row for the query terms; 0 where none of them stands."""
        scores = np.zeros(len(self._lengths), dtype=np.float32)
        for weight, rows, counts in self._occurrences(terms, corpus):
            lengths = self._lengths[rows].astype(np.float32)
            scores[rows] += weight * _saturated(counts, lengths, corpus.mean_length)
        return scores

    def context_scores(
        self, terms: Iterable[str], corpus: CorpusStatistics, contexts: npt.NDArray[np.uint32]
    ) -> npt.NDArray[np.float32]:
        """Return for each row the BM25 score of its context, all rows with the same number, read as one text."""
        if not len(contexts):
            return np.zeros(0, dtype=np.float32)
        count = int(contexts[-1]) + 1
        lengths = np.bincount(contexts, weights=self._lengths, minlength=count).astype(np.float32)
        scores = np.zeros(count, dtype=np.float32)
        for weight, rows, counts in self._occurrences(terms, corpus):
            summed = np.bincount(contexts[rows], weights=counts, minlength=count).astype(np.float32)
            held = np.flatnonzero(summed)
            scores[held] += weight * _saturated(summed[held], lengths[held], float(lengths.mean()))
        return scores[contexts]

    def _occurrences(
        self, terms: Iterable[str], corpus: CorpusStatistics
    ) -> Iterator[tuple[np.float32, npt.NDArray[np.uint32], npt.NDArray[np.float32]]]:
        """Yield for each term held its inverse document frequency, the rows that hold it, and how often."""
        for term in dict.fromkeys(terms):
            index = _find(self._hashes, _hash(term))
            if index is not None:
                start, end = self._offsets[index], self._offsets[index + 1]
                frequency = corpus.document_frequency(term)
                weight = np.float32(np.log1p((corpus.rows - frequency + 0.5) / (frequency + 0.5)))
                yield weight, self._rows[start:end], self._counts[start:end].astype(np.float32)


def _saturated(
    counts: npt.NDArray[np.float32], lengths: npt.NDArray[np.float32], mean_length: float
) -> npt.NDArray[np.float32]:
    norms = _K1 * (1 - _B + _B * lengths / np.float32(mean_length))
    return np.asarray(counts * (_K1 + 1) / (counts + norms), dtype=np.float32)


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
        "term_offsets": np.append(first, len(hashes)).astype(np.int64),
        "term_rows": rows[order],
        "term_counts": counts[order],
        "lengths": lengths,
    }


def _find(hashes: npt.NDArray[np.uint64], wanted: int) -> int | None:
    index = int(np.searchsorted(hashes, np.uint64(wanted)))
    return index if index < len(hashes) and int(hashes[index]) == wanted else None
