"""Sentence vectors as int8: exact scores over the few rows of a filter, faiss over all of them."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

__all__ = ["GlobalVectors", "dequantise", "pack_global_vectors", "quantise", "similarities"]

Floats = npt.NDArray[np.float32]


def quantise(vectors: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Return int8 codes (n x d) and a scale for each row, so that codes x scale is the vector within half a step."""
    peaks = np.abs(vectors).max(axis=1, initial=0.0)
    scales = np.where(peaks > 0, peaks / 127.0, 1.0).astype(np.float32)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales


def dequantise(codes: npt.NDArray[np.int8], scales: Floats) -> Floats:
    """Return the vectors that `quantise` was given, to within half a step."""
    return codes.astype(np.float32) * scales[:, None]


def similarities(codes: npt.NDArray[np.int8], scales: Floats, query: Floats) -> Floats:
    """Return the inner product of each row with a query vector (cosine, as both are of unit length)."""
    return np.asarray((codes.astype(np.float32) @ query) * scales, dtype=np.float32)


def pack_global_vectors(vectors: Floats) -> bytes:
    """Return a faiss index over all rows (8-bit scalar quantiser, inner product) as a file's bytes."""
    index = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    index.add(vectors)
    return bytes(faiss.serialize_index(index))


class GlobalVectors:
    """The faiss index over all rows, memory-mapped: for questions that name no company and no year."""

    def __init__(self, path: Path) -> None:
        self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)

    def search(self, query: Floats, count: int) -> tuple[npt.NDArray[np.int64], Floats]:
        """Return at most `count` (rows, similarities), best first."""
        scores, rows = self._index.search(query[None, :], min(count, self._index.ntotal))
        return rows[0], scores[0]

    def similarities(self, query: Floats, rows: npt.NDArray[np.int64]) -> Floats:
        """Return the cosine of some rows with a query vector."""
        return np.asarray(self._index.reconstruct_batch(rows) @ query, dtype=np.float32)
