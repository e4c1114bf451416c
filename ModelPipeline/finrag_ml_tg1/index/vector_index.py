"""How the nearest passages of the whole index are asked for, whoever keeps the vectors."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "Rows", "VectorIndex"]

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


class VectorIndex(Protocol):
    """The vectors of one index version; rows are those of the whole index. Safe for use from several threads."""

    def search(
        self,
        query: Floats,
        count: int,
        *,
        ciks: Collection[int] = (),
        fiscal_years: Collection[int] = (),
        among: Rows | None = None,
    ) -> tuple[Rows, Floats]:
        """Return at most `count` (rows, cosines), best first, equals by row; of these companies and years alone.

        An empty collection means all. Fewer than `count` come only when no more are within the filter, or when it is
        above 10,000. `among` restricts to some rows: those of them that are among the 10,000 nearest of their years.
        """
        ...

    def similarities(self, query: Floats, rows: Rows) -> Floats:
        """Return the cosine of each of some rows with a query vector, in the order given."""
        ...
