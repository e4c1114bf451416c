"""What an index covers: its filings, and its parts with their rows. Polars tables, small enough to stay in memory."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from finrag_ml_tg1.index.coverage import FilingCoverage, coverage_of_filings

__all__ = [
    "FILINGS_FILE",
    "PARTS_FILE",
    "PARTS_SCHEMA",
    "SEGMENTS_FILE",
    "SEGMENTS_SCHEMA",
    "Catalog",
    "Company",
    "PartEntry",
    "SegmentEntry",
    "part_entries",
    "segment_entries",
]

FILINGS_FILE = "catalog/filings.parquet"
PARTS_FILE = "catalog/parts.parquet"
SEGMENTS_FILE = "catalog/segments.parquet"

PARTS_SCHEMA = pl.Schema(
    {
        "cik": pl.Int64,
        "fiscal_year": pl.Int32,
        "sha256": pl.String,
        "size": pl.Int64,
        "row_start": pl.Int64,
        "rows": pl.Int64,
        "input_sha256": pl.String,
    }
)

# `terms_sha256` is null where there are so many rows that words are not searched in all of them.
SEGMENTS_SCHEMA = pl.Schema(
    {
        "row_start": pl.Int64,
        "rows": pl.Int64,
        "first_filing": pl.Int64,
        "rows_sha256": pl.String,
        "rows_size": pl.Int64,
        "terms_sha256": pl.String,
        "terms_size": pl.Int64,
        "input_sha256": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class PartEntry:
    """A part's company and year, its file, and where its rows stand in the order of the whole index."""

    cik: int
    fiscal_year: int
    sha256: str
    size: int
    row_start: int
    rows: int


def part_entries(table: pl.DataFrame) -> list[PartEntry]:
    """Return the parts of a table (PARTS_SCHEMA), in the order of their rows."""
    return [
        PartEntry(row["cik"], row["fiscal_year"], row["sha256"], row["size"], row["row_start"], row["rows"])
        for row in table.sort("row_start").iter_rows(named=True)
    ]


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A segment's files, and where its rows and its filings stand in the order of the whole index."""

    row_start: int
    rows: int
    first_filing: int
    rows_sha256: str
    rows_size: int
    terms_sha256: str | None
    terms_size: int | None
    input_sha256: str


def segment_entries(table: pl.DataFrame) -> list[SegmentEntry]:
    """Return the segments of a table (SEGMENTS_SCHEMA), in the order of their rows."""
    return [SegmentEntry(**row) for row in table.sort("row_start").iter_rows(named=True)]


@dataclass(frozen=True, slots=True)
class Company:
    """A company as its latest filing names it; `former_names` are other names in its earlier filings."""

    cik: int
    name: str
    tickers: tuple[str, ...]
    former_names: tuple[str, ...]
    fiscal_years: tuple[int, ...]


class Catalog:
    """The filings (one row each, FILINGS columns as ingested) and parts of one index version."""

    def __init__(self, filings: pl.DataFrame, parts: pl.DataFrame) -> None:
        self.filings = filings
        self.parts = part_entries(parts)
        self._parts_by_cik: dict[int, list[PartEntry]] = {}
        for part in self.parts:
            self._parts_by_cik.setdefault(part.cik, []).append(part)
        self._row_starts = [part.row_start for part in self.parts]
        self._row_of = {accession: row for row, accession in enumerate(filings["accession"])}
        self.companies = self._companies()
        self._coverage: dict[int, dict[str, FilingCoverage]] = {}

    @classmethod
    def from_parquet(cls, filings: bytes, parts: bytes) -> Catalog:
        """Read the two tables."""
        return cls(pl.read_parquet(io.BytesIO(filings)), pl.read_parquet(io.BytesIO(parts)))

    def parts_of(self, ciks: Collection[int], fiscal_years: Collection[int]) -> list[PartEntry]:
        """Return the parts of these companies and years; an empty collection means all."""
        parts = self._parts_by_cik.get(next(iter(ciks)), []) if len(ciks) == 1 else self.parts
        return [
            part
            for part in parts
            if (not ciks or part.cik in ciks) and (not fiscal_years or part.fiscal_year in fiscal_years)
        ]

    def part_of_row(self, row: int) -> PartEntry:
        """Return the part that holds a row of the whole index."""
        return self.parts[bisect_right(self._row_starts, row) - 1]

    def filing(self, accession: str) -> dict[str, object] | None:
        """Return a filing's row, or None when it is not covered."""
        row = self._row_of.get(accession)
        return None if row is None else self.filings.row(row, named=True)

    def rows_of(self, accessions: Iterable[str]) -> list[int]:
        """Return the numbers of the filings' rows, in the order given, of those that are covered."""
        return [self._row_of[accession] for accession in accessions if accession in self._row_of]

    def forms(self, cik: int) -> dict[str, str]:
        """Return the form of each filing of a company, in the order in which one replaces what another said."""
        rows = self.filings.filter(pl.col("cik") == cik).sort("period_end", "filed", "accession", nulls_last=False)
        return dict(zip(rows["accession"], rows["form"], strict=True))

    def coverage(self, cik: int) -> dict[str, FilingCoverage]:
        """Return what was read of each filing of a company, by accession; computed when first asked for."""
        if cik not in self._coverage:
            self._coverage[cik] = coverage_of_filings(self.filings.filter(pl.col("cik") == cik))
        return self._coverage[cik]

    def _companies(self) -> Sequence[Company]:
        companies = []
        ordered = self.filings.sort("cik", "period_end", descending=[False, True])
        for (cik,), rows in ordered.group_by("cik", maintain_order=True):
            names = list(dict.fromkeys(rows["company"]))
            tickers = dict.fromkeys(ticker for tickers in rows["tickers"] for ticker in tickers)
            companies.append(
                Company(
                    int(str(cik)), names[0], tuple(tickers), tuple(names[1:]), tuple(sorted(set(rows["fiscal_year"])))
                )
            )
        return sorted(companies, key=lambda company: company.name.lower())
