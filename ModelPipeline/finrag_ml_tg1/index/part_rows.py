"""What is known of a part's passages beside their texts, as arrays: one row is read without the others.

A question about all companies shows passages of dozens of parts. Read as a table each part's rows would come from disk
and stay in memory as a whole.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.index.container import Arrays, narrowed

__all__ = ["PART_SCHEMA", "PartRow", "PartRows", "pack_rows"]

PART_SCHEMA = pl.Schema(
    {
        "passage_id": pl.String,
        "form": pl.String,
        "accession": pl.String,
        "item": pl.String,
        "kind": pl.String,
        "statement": pl.String,
        "heading": pl.String,
        "lead": pl.String,
        "position": pl.Int32,
        "char_start": pl.Int64,
        "char_end": pl.Int64,
        "page_num": pl.Int32,
    }
)

_WORDED = [name for name, dtype in PART_SCHEMA.items() if dtype == pl.String]
_NUMBERED = [name for name in PART_SCHEMA.names() if name not in _WORDED]
_PASSAGE_ID, _ACCESSION, _ITEM = (_WORDED.index(name) for name in ("passage_id", "accession", "item"))
_POSITION = _NUMBERED.index("position")
_NO_NUMBER = -1


class PartRow(NamedTuple):
    """A passage; fields as in PART_SCHEMA."""

    passage_id: str
    form: str
    accession: str
    item: str
    kind: str
    statement: str
    heading: str
    lead: str
    position: int
    char_start: int
    char_end: int
    page_num: int | None


def pack_rows(rows: pl.DataFrame) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of `PartRows`: words as numbers of labels, each label once, and the numbers."""
    table = rows.select(PART_SCHEMA.names()).cast(dict(PART_SCHEMA.items()))
    numbers: dict[str, int] = {}
    words = [[numbers.setdefault(word, len(numbers)) for word in table[name]] for name in _WORDED]
    blobs = [word.encode() for word in numbers]
    counted = table.select(pl.col(_NUMBERED).cast(pl.Int64).fill_null(_NO_NUMBER))
    return {
        "row_words": narrowed(np.array(words, dtype=np.int64).T.reshape(len(rows), len(_WORDED))),
        "row_numbers": counted.to_numpy().astype(np.int64),
        "labels": np.frombuffer(b"".join(blobs), dtype=np.uint8),
        "label_offsets": np.cumsum([0, *(len(blob) for blob in blobs)], dtype=np.int64),
    }


class PartRows:
    """Arrays: row_words u16 or u32[n, 8] into labels, row_numbers i64[n, 4], labels u8, label_offsets i64."""

    def __init__(self, arrays: Arrays) -> None:
        self._words = arrays["row_words"]
        self._numbers = arrays["row_numbers"]
        self._labels = arrays["labels"]
        self._offsets = arrays["label_offsets"]

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, row: int) -> PartRow:
        words = (self._label(number) for number in self._words[row].tolist())
        *numbers, page = self._numbers[row].tolist()
        return PartRow._make((*words, *numbers, None if page == _NO_NUMBER else page))

    def accession(self, row: int) -> str:
        """Return the filing a row stands in."""
        return self._label(int(self._words[row, _ACCESSION]))

    def find(self, passage_id: str) -> int | None:
        """Return the row of a passage, None when the part does not hold it."""
        position = passage_id.rpartition("-")[2]
        if not (position.isascii() and position.isdigit()):
            return None
        for row in np.flatnonzero(self._numbers[:, _POSITION] == int(position)).tolist():
            if self._label(int(self._words[row, _PASSAGE_ID])) == passage_id:
                return int(row)
        return None

    def of_filing(self, row: int) -> npt.NDArray[np.int64]:
        """Return all rows of the filing that a row stands in."""
        return np.flatnonzero(self._words[:, _ACCESSION] == self._words[row, _ACCESSION])

    def of_item(self, accession: str, item: str) -> npt.NDArray[np.int64]:
        """Return the rows of an item of a filing."""
        filings = self._words[:, _ACCESSION]
        own = [row for row in np.unique(filings, return_index=True)[1].tolist() if self.accession(row) == accession]
        if not own:
            return np.empty(0, dtype=np.int64)
        rows = np.flatnonzero(filings == filings[own[0]])
        items = self._words[rows, _ITEM]
        wanted = [number for number in np.unique(items).tolist() if self._label(number) == item]
        return rows[np.isin(items, wanted)]

    def _label(self, number: int) -> str:
        return bytes(self._labels[self._offsets[number] : self._offsets[number + 1]]).decode()
