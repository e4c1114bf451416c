"""Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): rankings into one, their scores not compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["fuse_rankings", "top_rows"]

# The constant of the paper; larger values flatten the advantage of the first ranks.
_RANK_OFFSET = 60


def top_rows(scores: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.int64]:
    """Return the positions of the `count` greatest scores above zero, best first; ties in position order."""
    candidates = np.flatnonzero(scores > 0)
    order = np.argsort(-scores[candidates], kind="stable")[:count]
    return np.asarray(candidates[order], dtype=np.int64)


def fuse_rankings(rankings: Sequence[Sequence[int]], count: int) -> list[tuple[int, float]]:
    """Return at most `count` (row, fused score), best first, from rankings given best first."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking):
            scores[int(row)] = scores.get(int(row), 0.0) + 1.0 / (_RANK_OFFSET + rank + 1)
    return sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))[:count]
