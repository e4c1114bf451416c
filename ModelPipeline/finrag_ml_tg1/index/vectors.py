"""Sentence vectors as int8: exact scores over the few rows of a filter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["dequantise", "quantise", "similarities"]

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
