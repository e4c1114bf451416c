"""One part of the index: the passages and facts of one company's fiscal year, complete in one immutable file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.index.container import Arrays, MappedArrays, open_arrays, pack_arrays
from finrag_ml_tg1.index.facts import pack_facts, unpack_facts
from finrag_ml_tg1.index.lexical import CorpusStatistics, Postings, build_postings
from finrag_ml_tg1.index.part_rows import PartRows, pack_rows
from finrag_ml_tg1.index.places import Places, places_of
from finrag_ml_tg1.index.sentence_vectors import SentenceVectors
from finrag_ml_tg1.index.vectors import quantise, similarities

__all__ = ["Part", "build_part"]


def build_part(
    rows: pl.DataFrame,
    indexed_texts: list[str],
    vectors: npt.NDArray[np.float32],
    facts: pl.DataFrame,
    sentences: Arrays | None = None,
) -> bytes:
    """Return a part's bytes: `rows` holds PART_SCHEMA and `text`; texts and vectors (n x d) are in the same order.

    `facts` holds PART_FACTS_SCHEMA, `sentences` what `pack_sentences` gave.
    """
    codes, scales = quantise(vectors)
    blobs = [text.encode() for text in rows["text"]]
    return pack_arrays(
        {
            **pack_rows(rows),
            **places_of(rows).to_arrays(),
            "texts": np.frombuffer(b"".join(blobs), dtype=np.uint8),
            "text_offsets": np.cumsum([0, *(len(blob) for blob in blobs)], dtype=np.int64),
            "codes": codes,
            "scales": scales,
            "facts": pack_facts(facts),
            **build_postings(indexed_texts),
            **(sentences or {}),
        }
    )


class Part:
    """A part opened from its file. Rows are sorted by accession and position."""

    def __init__(self, path: Path) -> None:
        # A question about all companies reads here and there in dozens of parts.
        arrays = open_arrays(path, is_read_randomly=True)
        self.arrays: MappedArrays = arrays
        self.rows = PartRows(arrays)
        self.places = Places.from_arrays(arrays)
        self.postings = Postings(arrays)
        self.sentences = SentenceVectors(arrays)
        self._texts = arrays["texts"]
        self._text_offsets = arrays["text_offsets"]

    def __len__(self) -> int:
        return len(self._text_offsets) - 1

    def statistics(self) -> CorpusStatistics:
        """Return the statistics of this part's words."""
        contexts = self.places.contexts
        return self.postings.statistics(int(contexts[-1]) + 1 if len(contexts) else 0)

    def text(self, row: int) -> str:
        """Return the words of a row's passage, exactly as in the canonical text."""
        return bytes(self._texts[self._text_offsets[row] : self._text_offsets[row + 1]]).decode()

    def facts(self) -> pl.DataFrame:
        """Return the part's facts (PART_FACTS_SCHEMA)."""
        return unpack_facts(self.arrays["facts"])

    def similarities(self, query: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the cosine of every row with a query vector."""
        self.arrays.read_ahead()
        return similarities(self.arrays["codes"], self.arrays["scales"], query)
