"""`extract_tables` is a pure function: the same bytes give the same tables, whole, or one reason why there are none."""

from __future__ import annotations

import gzip
import io
import pickle
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.extraction import Provenance, extract_tables
from finrag_ml_tg1.filings.facts.companyfacts import CompanyFact
from finrag_ml_tg1.filings.filing import read_filing
from tests.sample_index import SAMPLES
from tests.soak.extraction_checks import check_filing, check_tables
from tests.unit.filings.documents import cover_html, filing_html
from tests.unit.filings.edgar.filer import old_submission
from tests.unit.filings.plain_documents import plain_cover
from tests.unit.filings.tagged_filings import fact as tagged
from tests.unit.filings.tagged_filings import tagged_filing

NAME = "9990000100-24-000001.html"


def words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


def row(data: bytes) -> dict[str, object]:
    return pl.read_parquet(io.BytesIO(data)).row(0, named=True)


def fact(accession: str, value: int) -> CompanyFact:
    day = date(2023, 12, 31)
    return CompanyFact(
        1, "us-gaap:Revenues", None, "USD", Decimal(value), date(2023, 1, 1), day, accession, "10-K", day, None
    )


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_everything_in_the_tables_stands_in_the_text(path: Path) -> None:
    tables = extract_tables(path.read_bytes(), path.name, words)
    filing = read_filing(path.read_bytes(), path.name)
    check_filing(filing)
    check_tables(tables, filing, words)
    assert tables.fact_count > 100


def test_same_bytes_give_the_same_tables_packed_or_not_and_through_any_pipe() -> None:
    path = min(SAMPLES.iterdir())
    tables = extract_tables(path.read_bytes(), path.name, words)
    assert extract_tables(gzip.compress(path.read_bytes()), path.name, words) == tables
    assert pickle.loads(pickle.dumps(tables)) == tables


def test_what_is_known_of_where_it_was_fetched_is_in_the_row() -> None:
    known = Provenance(date(2024, 2, 20), "https://www.sec.gov/x", cik=77, tickers=("PLA", "PLB"))
    untagged = (cover_html() + "<p>We sell plain examples.</p>").encode()
    tables = extract_tables(untagged, NAME, words, known)
    found = row(tables.row)
    assert (tables.cik, found["cik"], found["tickers"]) == (77, 77, ["PLA", "PLB"])
    assert (found["filed"], found["source_url"]) == (date(2024, 2, 20), "https://www.sec.gov/x")


def test_the_document_is_believed_before_what_is_known_of_it() -> None:
    tables = extract_tables(filing_html(TradingSymbol="OWN"), NAME, words, Provenance(tickers=("OLD",)))
    assert row(tables.row)["tickers"] == ["OWN"]


def test_the_header_of_a_submission_tells_when_it_was_filed_and_by_whom() -> None:
    report = f"{plain_cover('10-K405')}\n\nThe Company makes ice.\n".encode()
    tables = extract_tables(old_submission([("10-K405", report)]), "old.txt", words, Provenance(cik=77))
    found = row(tables.row)
    assert (tables.cik, found["filed"], tables.accession) == (9_990_000_200, date(1996, 3, 29), "9990000200-96-000003")


def test_the_row_counts_the_checks_and_tells_what_fails() -> None:
    numbers = (("900", "Assets"), ("905", "LiabilitiesAndStockholdersEquity"), ("905", "Liabilities"))
    body = " and ".join(tagged(text, concept=f"us-gaap:{concept}", contextRef="end") for text, concept in numbers)
    tables = extract_tables(tagged_filing(f"<p>{body}.</p>"), NAME, words)
    found = row(tables.row)
    assert (found["checks_made"], found["checks_held"]) == (1, 0)
    assert found["notes"] == list(tables.notes)
    assert [note for note in tables.notes if "assets = liabilities and equity" in note]


def test_numbers_of_companyfacts_are_taken_for_this_very_filing_only() -> None:
    untagged = (cover_html() + "<p>We sell plain examples.</p>").encode()
    known = Provenance(company_facts=(fact("9990000100-24-000001", 5), fact("9990000100-25-000001", 7)))
    facts = pl.read_parquet(io.BytesIO(extract_tables(untagged, NAME, words, known).facts))
    assert facts.select("source", "value").rows() == [("companyfacts", Decimal(5))]


@pytest.mark.parametrize("document", [b"", b"{}", b"<p></p>", cover_html(form="8-K").encode(), b"\x1f\x8bx"])
def test_what_is_no_report_is_refused_in_one_line(document: bytes) -> None:
    with pytest.raises(FilingError) as refused:
        extract_tables(document, NAME, words)
    assert "\n" not in str(refused.value)
