"""The upper five bits of int8 vectors: a sign and four bits of magnitude a dimension, to find the nearest rows of many.

All rows are compared by signs alone (Hamming distance), some thousands of them by the query with the signs, some
hundreds by all five bits. Of 265,705 passages of annual reports 99 % of the ten nearest are among the first 32 found so
(docs/decisions/0014-segments.md); who needs their order exactly compares those 32 by their int8 codes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import faiss
import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.index.container import Arrays

__all__ = ["RANDOMLY_READ", "CoarseVectors", "coarse_arrays", "nearest_rows"]

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

# Read at a few hundred places for a question: what stands beside them is not worth reading from disk.
RANDOMLY_READ = ("levels", "scales")

_BY_SIGNS = 4096
_BY_LEVELS = 512
# Of many segments each gives several times its share of those: more than that seldom crowd in one.
_CROWDED = 4
_LEAST_OF_EACH = 512
_LOWER_BITS = 3
_LEVEL_WIDTH = 1 << _LOWER_BITS
_LEVEL_CENTRE = (_LEVEL_WIDTH - 1) / 2


def coarse_arrays(codes: npt.NDArray[np.int8], scales: Floats) -> dict[str, npt.NDArray[np.generic]]:
    """Return the arrays of `CoarseVectors` for int8 codes (n x d, d even) and their scales."""
    levels = (np.abs(codes.astype(np.int16)) >> _LOWER_BITS).astype(np.uint8)
    return {
        "signs": np.packbits(codes > 0, axis=1),
        "levels": (levels[:, 0::2] << 4) | levels[:, 1::2],
        "scales": np.asarray(scales, dtype=np.float32),
    }


class CoarseVectors:
    """Arrays: signs u8[n, d/8], levels u8[n, d/2] (two dimensions a byte), scales f32[n]."""

    def __init__(self, arrays: Arrays) -> None:
        self._signs = arrays["signs"]
        self._levels = arrays["levels"]
        self._scales = arrays["scales"]

    def __len__(self) -> int:
        return len(self._signs)

    def closest(self, query: Floats, count: int, among: Rows | None) -> tuple[Rows, npt.NDArray[np.int32]]:
        """Return at most `count` rows, all or those of `among`, and in how many signs they differ from the query."""
        signs = self._signs if among is None else self._signs[among]
        count = min(count, len(signs))
        if not count:
            return np.empty(0, np.int64), np.empty(0, np.int32)
        distances, rows = faiss.knn_hamming(np.packbits(query > 0)[None], signs, count, variant="mc")
        return (rows[0] if among is None else among[rows[0]]), distances[0]

    def sign_products(self, query: Floats, rows: Rows) -> Floats:
        """Return the inner product of a query with the signs of some rows, in no unit."""
        return np.asarray(self._signed(rows) @ query, dtype=np.float32)

    def similarities(self, query: Floats, rows: Rows) -> Floats:
        """Return the cosine of some rows with a query vector, from five of eight bits."""
        packed = self._levels[rows]
        values = np.empty((len(rows), 2 * packed.shape[1]), dtype=np.float32)
        values[:, 0::2] = packed >> 4
        values[:, 1::2] = packed & 15
        values *= _LEVEL_WIDTH
        values += _LEVEL_CENTRE
        values *= self._signed(rows)
        return np.asarray((values @ query) * self._scales[rows], dtype=np.float32)

    def _signed(self, rows: Rows) -> Floats:
        signs = np.unpackbits(self._signs[rows], axis=1, count=2 * self._levels.shape[1]).astype(np.float32)
        signs *= 2
        signs -= 1
        return signs


def nearest_rows(
    vectors: Sequence[CoarseVectors], query: Floats, count: int, among: Sequence[Rows] | None = None
) -> tuple[Rows, Floats]:
    """Return at most `count` (rows, cosines), best first; rows count on from one of `vectors` to the next.

    `among` restricts each of them to some of its own rows.
    """
    starts = np.cumsum([0, *(len(own) for own in vectors)])
    of_each = min(_BY_SIGNS, max(_LEAST_OF_EACH, _CROWDED * _BY_SIGNS // max(1, len(vectors))))
    numbers, locals_, distances = [], [], []
    for number, own in enumerate(vectors):
        rows, differing = own.closest(query, of_each, among[number] if among is not None else None)
        numbers.append(np.full(len(rows), number))
        locals_.append(rows)
        distances.append(differing)
    if not numbers:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    owner, rows = np.concatenate(numbers), np.concatenate(locals_)
    chosen = _greatest(-np.concatenate(distances), _BY_SIGNS)
    owner, rows = owner[chosen], rows[chosen]
    scores = _scored(vectors, owner, rows, lambda own, some: own.sign_products(query, some))
    chosen = _greatest(scores, max(_BY_LEVELS, 2 * count))
    owner, rows = owner[chosen], rows[chosen]
    scores = _scored(vectors, owner, rows, lambda own, some: own.similarities(query, some))
    order = np.argsort(-scores, kind="stable")[:count]
    return starts[owner[order]] + rows[order], scores[order]


def _scored(
    vectors: Sequence[CoarseVectors],
    owner: npt.NDArray[np.int64],
    rows: Rows,
    score: Callable[[CoarseVectors, Rows], Floats],
) -> Floats:
    scores = np.empty(len(rows), dtype=np.float32)
    for number in np.unique(owner):
        own = owner == number
        scores[own] = score(vectors[number], rows[own])
    return scores


def _greatest(scores: npt.NDArray[np.generic], count: int) -> Rows:
    if len(scores) <= count:
        return np.arange(len(scores))
    return np.argpartition(scores, len(scores) - count)[len(scores) - count :]
