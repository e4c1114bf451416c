"""Where passages stand, as arrays: filing, context, statement, item; ranking reads these of thousands of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.index.container import Arrays, narrowed
from finrag_ml_tg1.vocabulary.items import item_code
from finrag_ml_tg1.vocabulary.statements import STATEMENTS

__all__ = ["Places", "joined_places", "places_of"]

# About a page where pages have no numbers.
_PASSAGES_OF_CONTEXT = 5
_STATEMENT_CODES = {name: code for code, name in enumerate(STATEMENTS)}


@dataclass(frozen=True, slots=True)
class Places:
    """Arrays with an entry a row; rows are in the order of filings and of their text.

    `filings` and `contexts` count from 0: a context is a page, or where pages have no numbers a stretch of passages.
    `statements` are positions in STATEMENTS, `items` the codes of vocabulary.items.
    """

    filings: npt.NDArray[np.uint16 | np.uint32]
    contexts: npt.NDArray[np.uint16 | np.uint32]
    statements: npt.NDArray[np.uint8]
    items: npt.NDArray[np.uint8]

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Places:
        """Read what `to_arrays` gave."""
        return cls(*(arrays[field.name] for field in fields(cls)))

    def to_arrays(self) -> Arrays:
        """Return the arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def places_of(rows: pl.DataFrame) -> Places:
    """Return the places of a part's rows (index.part_rows.PART_SCHEMA)."""
    context = pl.coalesce("page_num", pl.col("position") // _PASSAGES_OF_CONTEXT)
    statements = [_STATEMENT_CODES[name] for name in rows["statement"]]
    items = [item_code(name) for name in rows["item"]]
    return Places(
        _numbered(rows, pl.col("accession")),
        _numbered(rows, pl.col("accession"), context),
        np.array(statements, dtype=np.uint8),
        np.array(items, dtype=np.uint8),
    )


def joined_places(parts: Sequence[Places]) -> Places:
    """Return the places of several parts one after the other: filings and contexts run on."""
    return Places(
        _running_on([part.filings for part in parts]),
        _running_on([part.contexts for part in parts]),
        np.concatenate([np.empty(0, np.uint8), *(part.statements for part in parts)]),
        np.concatenate([np.empty(0, np.uint8), *(part.items for part in parts)]),
    )


def _numbered(rows: pl.DataFrame, *columns: pl.Expr) -> npt.NDArray[np.uint16 | np.uint32]:
    is_other = pl.any_horizontal(column.ne_missing(column.shift()) for column in columns)
    numbers = rows.select(is_other.cast(pl.UInt32).cum_sum() - 1).to_series()
    return narrowed(numbers.to_numpy())


def _running_on(numbered: Sequence[npt.NDArray[np.uint16 | np.uint32]]) -> npt.NDArray[np.uint16 | np.uint32]:
    joined = [np.empty(0, np.int64)]
    start = 0
    for numbers in numbered:
        joined.append(numbers.astype(np.int64) + start)
        start += int(numbers[-1]) + 1 if len(numbers) else 0
    return narrowed(np.concatenate(joined))
