"""A segment: neighbouring parts joined for the questions that no company narrows. Places and coarse vectors, and terms.

A pod holds all segments and few parts. Segments are immutable and named by their content, so a filing that is added
changes the one that takes it up; row numbers in a segment count from its first row.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.index.catalog import SegmentEntry
from finrag_ml_tg1.index.coarse_vectors import RANDOMLY_READ, CoarseVectors, coarse_arrays
from finrag_ml_tg1.index.container import open_arrays, pack_arrays
from finrag_ml_tg1.index.lexical import Postings, merge_postings
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.index.places import Places, joined_places

__all__ = ["MAX_SEGMENT_ROWS", "Segment", "build_rows", "build_terms"]

# So that a row's number takes two bytes.
MAX_SEGMENT_ROWS = 65_536


def build_rows(parts: Sequence[Part]) -> bytes:
    """Return the file of a segment's places and coarse vectors."""
    codes = np.concatenate([part.arrays["codes"] for part in parts])
    scales = np.concatenate([part.arrays["scales"] for part in parts])
    return pack_arrays({**joined_places([part.places for part in parts]).to_arrays(), **coarse_arrays(codes, scales)})


def build_terms(parts: Sequence[Part]) -> bytes:
    """Return the file of a segment's term counts."""
    return pack_arrays(merge_postings([part.arrays for part in parts]))


class Segment:
    """A segment opened from its files; without `terms` words cannot be searched in it."""

    def __init__(self, entry: SegmentEntry, rows: Path, terms: Path | None = None) -> None:
        arrays = open_arrays(rows)
        arrays.read_randomly(*RANDOMLY_READ)
        self.row_start = entry.row_start
        self.first_filing = entry.first_filing
        self.places = Places.from_arrays(arrays)
        self.vectors = CoarseVectors(arrays)
        # Of all words a question has a dozen.
        self.postings = Postings(open_arrays(terms, is_read_randomly=True)) if terms else None

    def __len__(self) -> int:
        return len(self.vectors)

    def filings(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return in which filings, as rows of the catalog, some rows of this segment stand."""
        return self.places.filings[rows].astype(np.int64) + self.first_filing
