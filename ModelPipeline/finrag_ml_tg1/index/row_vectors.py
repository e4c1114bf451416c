"""The vectors of an index: which rows are nearest to a question's, and how near some rows are.

The nearest of all are found by the segments' coarse vectors, or by an outside engine; the parts have the exact ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.index.catalog import Catalog, PartEntry
from finrag_ml_tg1.index.coarse_vectors import nearest_rows
from finrag_ml_tg1.index.open_parts import OpenParts
from finrag_ml_tg1.index.segment import Segment
from finrag_ml_tg1.index.vector_index import VectorIndex
from finrag_ml_tg1.index.vectors import similarities

__all__ = ["RowVectors"]

# Among the nearest by coarse vectors those whose order decides; see index.coarse_vectors.
_EXACT = 32


class RowVectors:
    """The vectors of one index version; `outside` is the engine that has them, where there is one."""

    def __init__(self, catalog: Catalog, segments: Sequence[Segment], parts: OpenParts) -> None:
        self.outside: VectorIndex | None = None
        self._catalog = catalog
        self._segments = segments
        self._parts = parts

    def nearest(
        self,
        query: npt.NDArray[np.float32],
        count: int,
        among: Sequence[npt.NDArray[np.int64]] | None = None,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Return at most `count` (rows, cosines) nearest to a query vector, best first, the first 32 exactly.

        `among` restricts each segment to some of its rows. Raises VectorIndexUnavailableError when an outside engine
        has them and cannot be reached.
        """
        if self.outside is not None:
            return self.outside.search(query, count, among=self._rows_of_index(among))
        rows, scores = nearest_rows([segment.vectors for segment in self._segments], query, max(count, _EXACT), among)
        scores[:_EXACT] = self.similarities(query, rows[:_EXACT].tolist())
        order = np.argsort(-scores, kind="stable")[:count]
        return rows[order], scores[order]

    def coarse_similarities(
        self, query: npt.NDArray[np.float32], rows: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """Return the cosine of some rows of the whole index with a query vector, from coarse vectors: no part is read.

        An outside engine, where there is one, is asked instead, and they are exact.
        """
        if self.outside is not None:
            return self.outside.similarities(query, rows)
        cosines = np.empty(len(rows), dtype=np.float32)
        owners = np.searchsorted([segment.row_start for segment in self._segments], rows, side="right") - 1
        for owner in np.unique(owners):
            own, segment = owners == owner, self._segments[owner]
            cosines[own] = segment.vectors.similarities(query, rows[own] - segment.row_start)
        return cosines

    def similarities(self, query: npt.NDArray[np.float32], rows: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the cosine of some rows of the whole index with a query vector, from their parts."""
        values = np.empty(len(rows), dtype=np.float32)
        of_parts: dict[PartEntry, list[int]] = {}
        for place, row in enumerate(rows):
            of_parts.setdefault(self._catalog.part_of_row(row), []).append(place)
        self._parts.open_all(of_parts)
        for entry, places in of_parts.items():
            arrays, own = self._parts.opened(entry).arrays, [rows[place] - entry.row_start for place in places]
            values[places] = similarities(arrays["codes"][own], arrays["scales"][own], query)
        return values

    def _rows_of_index(self, among: Sequence[npt.NDArray[np.int64]] | None) -> npt.NDArray[np.int64] | None:
        if among is None:
            return None
        starts = (segment.row_start for segment in self._segments)
        return np.concatenate([own + start for own, start in zip(among, starts, strict=True)])
