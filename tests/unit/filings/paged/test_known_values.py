"""Well-known numbers of real annual reports read from the text of their pages; written down by hand."""

from __future__ import annotations

import os
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.filings.facts.table import facts_table
from finrag_ml_tg1.filings.filing import read_filing
from finrag_ml_tg1.filings.paged.corpus import paged_sources

_MILLION, _THOUSAND = 10**6, 10**3


@lru_cache(maxsize=16)
def _facts(document: str) -> pl.DataFrame:
    folder = os.environ.get("FINRAG_EVAL_DATA")
    if folder is None:
        pytest.skip("FINRAG_EVAL_DATA names no folder with financebench/pages.parquet")
    source = paged_sources(Path(folder) / "financebench" / "pages.parquet", [document])[0]()
    return facts_table(read_filing(source.document, source.name), [])


@pytest.mark.parametrize(
    ("document", "statement", "row", "fiscal_year", "value"),
    [
        ("MICROSOFT_2016_10K", "income", "Total cost of revenue", 2016, 32_780 * _MILLION),
        ("MICROSOFT_2016_10K", "income", "Net income", 2014, 22_074 * _MILLION),
        ("BESTBUY_2019_10K", "balance", "Merchandise inventories", 2019, 5_409 * _MILLION),
        ("BESTBUY_2021_10K", "balance", "Total assets", 2020, 15_591 * _MILLION),
        ("3M_2018_10K", "cash flow", "Purchases of property, plant and equipment (PP&E)", 2018, -1_577 * _MILLION),
        ("LOCKHEEDMARTIN_2020_10K", "income", "Total net sales", 2020, 65_398 * _MILLION),
        ("NETFLIX_2020_10K", "balance", "Total assets", 2020, 39_280_359 * _THOUSAND),
        ("APPLE_2015_10K", "income", "Net sales", 2013, 170_910 * _MILLION),
        ("KRAFTHEINZ_2016_10K", "income", "Net sales", 2014, 10_922 * _MILLION),
        ("CORNING_2015_10K", "income", "Net sales", 2015, 9_111 * _MILLION),
        ("MGMRESORTS_2017_10K", "cash flow", "Capital expenditures, net of construction payable", 2017, -1_864_082_000),
        ("FOOTLOCKER_2022_10K", "income", "Sales", 2022, 8_958 * _MILLION),
        ("GENERALMILLS_2019_10K", "balance", "Inventories", 2018, Decimal("1642.2") * _MILLION),
    ],
)
def test_known_value(document: str, statement: str, row: str, fiscal_year: int, value: Decimal | int) -> None:
    """The fiscal year is the collection's label for the document's own year, and counted from it for the others."""
    found = _facts(document).filter(
        (pl.col("statement") == statement) & (pl.col("row_label") == row) & (pl.col("fiscal_year") == fiscal_year)
    )
    assert set(found["value"]) == {value}


def test_a_company_held_is_not_taken_for_the_filer() -> None:
    """Corning's report for 2015 appends the statements of Dow Corning, whose sales were 5,649.3 million."""
    sales = _facts("CORNING_2015_10K").filter(pl.col("row_label").str.to_lowercase() == "net sales")
    assert set(sales["value"]) == {9_111 * _MILLION, 9_715 * _MILLION, 7_819 * _MILLION}
