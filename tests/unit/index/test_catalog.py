from __future__ import annotations

import io
from datetime import date

import polars as pl
import pytest

from finrag_ml_tg1.index.catalog import PARTS_SCHEMA, Catalog

PARTS = pl.DataFrame(
    [
        {"cik": 2, "fiscal_year": 2022, "sha256": "c", "size": 1, "row_start": 9, "rows": 1, "input_sha256": "z"},
        {"cik": 1, "fiscal_year": 2022, "sha256": "a", "size": 1, "row_start": 0, "rows": 5, "input_sha256": "x"},
        {"cik": 1, "fiscal_year": 2023, "sha256": "b", "size": 1, "row_start": 5, "rows": 4, "input_sha256": "y"},
    ],
    schema=PARTS_SCHEMA,
)
FILINGS = pl.DataFrame(
    [
        {
            "cik": cik,
            "company": company,
            "tickers": tickers,
            "accession": accession,
            "fiscal_year": year,
            "period_end": date(year, 12, 31),
        }
        for cik, company, tickers, accession, year in [
            (1, "Old Name Inc.", ["OLD"], "a-22", 2022),
            (1, "New Name Inc.", ["NEW", "OLD"], "a-23", 2023),
            (2, "another Corp.", [], "b-22", 2022),
        ]
    ]
)


@pytest.fixture
def catalog() -> Catalog:
    return Catalog(FILINGS, PARTS)


@pytest.mark.parametrize(("row", "part"), [(0, "a"), (4, "a"), (5, "b"), (8, "b"), (9, "c")])
def test_a_row_stands_in_the_part_that_spans_it(catalog: Catalog, row: int, part: str) -> None:
    assert catalog.part_of_row(row).sha256 == part


@pytest.mark.parametrize(
    ("ciks", "years", "parts"),
    [
        (set(), set(), "abc"),
        ({1}, set(), "ab"),
        (set(), {2022}, "ac"),
        ({1}, {2022}, "a"),
        ({2}, {2023}, ""),
        ({3}, set(), ""),
    ],
)
def test_parts_are_those_of_the_companies_and_years(
    catalog: Catalog, ciks: set[int], years: set[int], parts: str
) -> None:
    assert "".join(part.sha256 for part in catalog.parts_of(ciks, years)) == parts


def test_a_company_bears_its_latest_name(catalog: Catalog) -> None:
    other, company = catalog.companies
    assert (company.cik, company.name, company.former_names) == (1, "New Name Inc.", ("Old Name Inc.",))
    assert company.tickers == ("NEW", "OLD")
    assert company.fiscal_years == (2022, 2023)
    assert (other.name, other.tickers) == ("another Corp.", ())


def test_a_filing_is_found_by_its_accession(catalog: Catalog) -> None:
    filing = catalog.filing("a-23")
    assert filing is not None
    assert filing["company"] == "New Name Inc."
    assert catalog.filing("c-23") is None


def test_a_catalog_survives_its_files(catalog: Catalog) -> None:
    files = [io.BytesIO(), io.BytesIO()]
    FILINGS.write_parquet(files[0])
    PARTS.write_parquet(files[1])
    read = Catalog.from_parquet(files[0].getvalue(), files[1].getvalue())
    assert (read.parts, read.companies) == (catalog.parts, catalog.companies)
