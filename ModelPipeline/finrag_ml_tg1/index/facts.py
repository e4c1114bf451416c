"""The tagged numbers of one company, as the parts of its fiscal years hold them, found by concept."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["PART_FACTS_SCHEMA", "CompanyFacts", "Fact", "pack_facts", "unpack_facts"]

_PART_FACTS_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "accession": pl.String,
    "concept": pl.String,
    "label": pl.String,
    "row_label": pl.String,
    "row_path": pl.String,
    "statement": pl.String,
    "value": pl.Decimal(38, 12),
    "unit": pl.String,
    "decimals": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "dimensions": pl.String,
    "fiscal_year": pl.Int32,
    "fiscal_period": pl.String,
    "source": pl.String,
    "passage_id": pl.String,
    "char_start": pl.Int64,
    "char_end": pl.Int64,
}
PART_FACTS_SCHEMA = pl.Schema(_PART_FACTS_COLUMNS)

_TAXONOMIES = r"^(?:us-gaap|ifrs-full|dei|srt|country|ecd|cyd):"
_KEY = ["dimensions", "concept"]
# Rows come in the schema's order, as facts hold them: the accession first.
_DIMENSIONS = PART_FACTS_SCHEMA.names().index("dimensions")


class Fact(NamedTuple):
    """One number of a filing: columns as in the facts table, `dimensions` as (axis, member) pairs.

    `recency` orders the company's filings: what a later one says of the same period replaces what an earlier one said.
    A ranking makes thousands of them: a tuple is made in a fifth of a dataclass's time.
    """

    cik: int
    accession: str
    form: str
    concept: str
    label: str
    row_label: str
    row_path: str
    statement: str
    value: Decimal
    unit: str
    decimals: str | None
    period_start: date | None
    period_end: date
    dimensions: tuple[tuple[str, str], ...]
    fiscal_year: int
    fiscal_period: str
    source: Literal["tagged", "companyfacts", "table"]
    passage_id: str | None
    char_start: int | None
    char_end: int | None
    recency: int


def pack_facts(facts: pl.DataFrame) -> npt.NDArray[np.uint8]:
    """Return the facts of a part (PART_FACTS_SCHEMA and more) as bytes; numbers tagged as nil are no numbers."""
    table = io.BytesIO()
    rows = facts.select(PART_FACTS_SCHEMA.names()).cast(PART_FACTS_SCHEMA).filter(pl.col("value").is_not_null())
    rows.sort(*_KEY, "accession", "fiscal_year", maintain_order=True).write_ipc(table, compression="lz4")
    return np.frombuffer(table.getvalue(), dtype=np.uint8)


def unpack_facts(packed: npt.NDArray[np.uint8]) -> pl.DataFrame:
    """Return the facts that `pack_facts` packed."""
    return pl.read_ipc(io.BytesIO(packed.tobytes()))


class CompanyFacts:
    """All facts of one company. Looked up by concept and dimensions; only the rows asked for become objects."""

    def __init__(self, cik: int, tables: Iterable[pl.DataFrame], forms: Mapping[str, str]) -> None:
        """`forms` names the form of each filing, those whose word counts less first."""
        self.cik = cik
        parts = list(tables)
        rows = pl.concat(parts) if parts else pl.DataFrame(schema=PART_FACTS_SCHEMA)
        self.rows = rows.sort(*_KEY, maintain_order=True)
        self._forms = forms
        self._recency = {accession: rank for rank, accession in enumerate(forms)}
        keys = self.rows.select(pl.struct(_KEY).rle().alias("run")).unnest("run").unnest("value")
        ends = keys["len"].cum_sum().to_list()
        self._runs: dict[tuple[str, str], tuple[int, int]] = {}
        for length, end, dimensions, concept in zip(
            keys["len"].to_list(), ends, keys["dimensions"].to_list(), keys["concept"].to_list(), strict=True
        ):
            self._runs[(dimensions, concept)] = (end - length, length)
        self._facts: dict[tuple[str, str], tuple[Fact, ...]] = {}
        self._own_concepts: dict[str, tuple[Fact, ...]] = {}

    def of_concept(self, concept: str, dimensions: str = "") -> tuple[Fact, ...]:
        """Return the facts of a concept with exactly these dimensions ("": the whole company), oldest filing first."""
        key = (dimensions, concept)
        if key not in self._facts:
            run = self._runs.get(key)
            self._facts[key] = self._records(self.rows.slice(*run)) if run else ()
        return self._facts[key]

    @cached_property
    def untagged(self) -> tuple[Fact, ...]:
        """The numbers of the whole company that were read from the statements of filings that tag none."""
        return self.of_concept("")

    @cached_property
    def concepts(self) -> frozenset[str]:
        """The concepts tagged for the company as a whole."""
        return frozenset(concept for dimensions, concept in self._runs if dimensions == "" and concept)

    def own_concepts_on(self, statement: str) -> tuple[Fact, ...]:
        """Return the numbers of the whole company on a statement that it tags with concepts of its own."""
        if statement not in self._own_concepts:
            is_own = ~pl.col("concept").str.contains(_TAXONOMIES) & (pl.col("concept") != "")
            rows = self.rows.filter((pl.col("dimensions") == "") & (pl.col("statement") == statement) & is_own)
            self._own_concepts[statement] = self._records(rows)
        return self._own_concepts[statement]

    def breakdowns(self, concept: str) -> Sequence[str]:
        """Return the dimensions that a concept is broken down by, as they are written in the table."""
        return self._dimensions_of.get(concept, ())

    @cached_property
    def _dimensions_of(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for dimensions, concept in self._runs:
            if dimensions:
                found.setdefault(concept, []).append(dimensions)
        return found

    def _records(self, rows: pl.DataFrame) -> tuple[Fact, ...]:
        facts = [
            Fact._make(
                (
                    self.cik,
                    row[0],
                    self._forms[row[0]],
                    *row[1:_DIMENSIONS],
                    _pairs(row[_DIMENSIONS]),
                    *row[_DIMENSIONS + 1 :],
                    self._recency[row[0]],
                )
            )
            for row in rows.rows()
        ]
        return tuple(sorted(facts, key=lambda fact: fact.recency))


@lru_cache(maxsize=4096)
def _pairs(dimensions: str) -> tuple[tuple[str, str], ...]:
    return tuple(_pair(part) for part in dimensions.split("|") if part)


def _pair(text: str) -> tuple[str, str]:
    axis, _, member = text.partition("=")
    return axis, member
