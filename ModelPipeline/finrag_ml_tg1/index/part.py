"""One part of the index: the passages and facts of one company's fiscal year, complete in one immutable file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.index.container import Arrays, open_arrays, pack_arrays
from finrag_ml_tg1.index.facts import pack_facts, unpack_facts
from finrag_ml_tg1.index.lexical import CorpusStatistics, Postings, build_postings
from finrag_ml_tg1.index.places import Places, places_of
from finrag_ml_tg1.index.sentence_vectors import SentenceVectors
from finrag_ml_tg1.index.vectors import quantise, similarities

__all__ = ["PART_SCHEMA", "Part", "build_part"]

PART_SCHEMA = pl.Schema(
    {
        "passage_id": pl.String,
        "form": pl.String,
        "accession": pl.String,
        "item": pl.String,
        "kind": pl.String,
        "statement": pl.String,
        "heading": pl.String,
        "position": pl.Int32,
        "char_start": pl.Int64,
        "char_end": pl.Int64,
        "page_num": pl.Int32,
        "lead": pl.String,
    }
)


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
    table = io.BytesIO()
    rows.select(PART_SCHEMA.names()).cast(PART_SCHEMA).write_ipc(table)
    return pack_arrays(
        {
            "rows": np.frombuffer(table.getvalue(), dtype=np.uint8),
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
        arrays: Arrays = open_arrays(path)
        self.arrays = arrays
        self.postings = Postings(arrays)
        self.sentences = SentenceVectors(arrays)
        self._texts = arrays["texts"]
        self._text_offsets = arrays["text_offsets"]

    def __len__(self) -> int:
        return len(self._text_offsets) - 1

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The passages (PART_SCHEMA), read when first needed: who asks for numbers alone opens many parts for facts."""
        return pl.read_ipc(io.BytesIO(self.arrays["rows"].tobytes()))

    @cached_property
    def places(self) -> Places:
        """Where each row stands."""
        return places_of(self.rows)

    def statistics(self) -> CorpusStatistics:
        """Return the statistics of this part's words."""
        contexts = self.places.contexts
        return self.postings.statistics(int(contexts[-1]) + 1 if len(contexts) else 0)

    def find(self, passage_id: str) -> int | None:
        """Return the row of a passage, None when the part does not hold it."""
        return self._rows_by_id.get(passage_id)

    @cached_property
    def _rows_by_id(self) -> Mapping[str, int]:
        return {passage_id: row for row, passage_id in enumerate(self.rows["passage_id"])}

    def text(self, row: int) -> str:
        """Return the words of a row's passage, exactly as in the canonical text."""
        return bytes(self._texts[self._text_offsets[row] : self._text_offsets[row + 1]]).decode()

    def facts(self) -> pl.DataFrame:
        """Return the part's facts (PART_FACTS_SCHEMA)."""
        return unpack_facts(self.arrays["facts"])

    def similarities(self, query: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the cosine of every row with a query vector."""
        return similarities(self.arrays["codes"], self.arrays["scales"], query)
