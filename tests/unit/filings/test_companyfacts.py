"""The SEC's companyfacts files: exact values and periods, real figures, and one-line refusals of nonsense."""

from __future__ import annotations

import copy
import gzip
import json
import os
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.facts.companyfacts import CompanyFact, CompanyFacts, is_annual, read_companyfacts

ROW: dict[str, Any] = {
    "start": "2008-01-01",
    "end": "2008-12-31",
    "val": 1250,
    "accn": "0000000001-10-000001",
    "fy": 2009,
    "fp": "FY",
    "form": "10-K",
    "filed": "2010-02-01",
    "frame": "CY2008",
}
DOCUMENT: dict[str, Any] = {
    "cik": 1,
    "entityName": "Acme",
    "facts": {"us-gaap": {"Revenues": {"label": "Revenues", "description": "", "units": {"USD": [ROW]}}}},
}


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


def with_row(**changes: object) -> bytes:
    """The document with members of its row changed; None takes a member away."""
    document = copy.deepcopy(DOCUMENT)
    row = ROW | changes
    document["facts"]["us-gaap"]["Revenues"]["units"]["USD"] = [{k: v for k, v in row.items() if v is not None}]
    return encoded(document)


def real(ticker: str) -> CompanyFacts:
    if "FINRAG_EVAL_DATA" not in os.environ:
        pytest.skip("FINRAG_EVAL_DATA names no folder with companyfacts files")
    folder = Path(os.environ["FINRAG_EVAL_DATA"]) / "companyfacts"
    return read_companyfacts((folder / f"{ticker}_companyfacts.json.gz").read_bytes())


def annual(facts: CompanyFacts, concept: str, unit: str, end: str) -> set[Decimal]:
    return {
        fact.value
        for fact in facts.facts
        if (fact.concept, fact.unit, str(fact.period_end)) == (concept, unit, end)
        and is_annual(fact.period_start, fact.period_end)
    }


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_row_is_read_with_its_own_period_and_no_fiscal_year(pack: Callable[[bytes], bytes]) -> None:
    found = read_companyfacts(pack(encoded(DOCUMENT)))
    assert (found.cik, found.company) == (1, "Acme")
    assert found.facts == (
        CompanyFact(
            cik=1,
            concept="us-gaap:Revenues",
            label="Revenues",
            unit="USD",
            value=Decimal(1250),
            period_start=date(2008, 1, 1),
            period_end=date(2008, 12, 31),
            accession="0000000001-10-000001",
            form="10-K",
            filed=date(2010, 2, 1),
            frame="CY2008",
        ),
    )


def test_what_a_row_may_leave_out_is_none() -> None:
    (fact,) = read_companyfacts(with_row(start=None, frame=None)).facts
    assert (fact.period_start, fact.frame) == (None, None)


def test_padded_cik_is_read_as_the_number() -> None:
    assert read_companyfacts(encoded(DOCUMENT | {"cik": "0000320193"})).cik == 320193


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_values_are_exact(value: Decimal) -> None:
    data = with_row(val="VALUE").replace(b'"VALUE"', str(value).encode())
    (fact,) = read_companyfacts(data).facts
    assert fact.value == value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (with_row(val="X").replace(b'"X"', b"NaN"), "not JSON"),
        (b"[]", '"facts"'),
        (b"{}", '"facts"'),
        (encoded(DOCUMENT | {"facts": []}), '"facts"'),
        (encoded(DOCUMENT | {"facts": {}}), "no numbers"),
        (encoded(DOCUMENT | {"cik": None}), "cik"),
        (encoded(DOCUMENT | {"cik": "١٢"}), "cik"),
        (encoded(DOCUMENT | {"cik": True}), "cik"),
        (encoded(DOCUMENT | {"entityName": 5}), "entityName"),
        (encoded(DOCUMENT | {"facts": {"us-gaap": []}}), "us-gaap"),
        (encoded(DOCUMENT | {"facts": {"us-gaap": {"Revenues": {"label": "", "units": None}}}}), "units"),
        (encoded(DOCUMENT | {"facts": {"us-gaap": {"Revenues": {"label": 5, "units": {}}}}}), "label"),
        (encoded(DOCUMENT | {"facts": {"us-gaap": {"Revenues": {"units": {"USD": {}}}}}}), "USD"),
        (encoded(DOCUMENT | {"facts": {"us-gaap": {"Revenues": {"units": {"USD": [5]}}}}}), "row 0"),
        (with_row(val="1250"), "val"),
        (with_row(val=True), "val"),
        (with_row(end=None), "date"),
        (with_row(end="2008-13-01"), "no date"),
        (with_row(start=20080101), "date"),
        (with_row(filed=""), "no date"),
        (with_row(accn=None), "accn"),
        (with_row(form=7), "form"),
        (with_row(frame=7), "frame"),
        (gzip.compress(encoded(DOCUMENT))[:-10], "cut short"),
        (b"\x1f\x8b" + b"garbage" * 20, "damaged"),
        (gzip.compress(encoded(DOCUMENT))[:40] + b"\x00" * 60, "damaged"),
    ],
)
def test_nonsense_is_refused_in_one_line(data: bytes, reason: str) -> None:
    with pytest.raises(FilingError, match=reason) as refusal:
        read_companyfacts(data)
    assert "\n" not in str(refusal.value)


@given(st.dates(date(1990, 1, 1), date(2030, 1, 1)), st.integers(1, 800))
def test_year_is_350_to_380_days_both_ends_counted(start: date, days: int) -> None:
    assert is_annual(start, start + timedelta(days=days - 1)) == (350 <= days <= 380)


def test_instant_is_no_year() -> None:
    assert not is_annual(None, date(2008, 12, 31))


@pytest.mark.parametrize(
    ("concept", "unit", "end", "value"),
    [
        # As published in Apple's annual reports.
        ("us-gaap:SalesRevenueNet", "USD", "2012-09-29", "156508000000"),
        ("us-gaap:SalesRevenueNet", "USD", "2015-09-26", "233715000000"),
        ("us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax", "USD", "2022-09-24", "394328000000"),
        ("us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax", "USD", "2023-09-30", "383285000000"),
        ("us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax", "USD", "2024-09-28", "391035000000"),
        ("us-gaap:NetIncomeLoss", "USD", "2018-09-29", "59531000000"),
        ("us-gaap:NetIncomeLoss", "USD", "2023-09-30", "96995000000"),
        ("us-gaap:EarningsPerShareDiluted", "USD/shares", "2024-09-28", "6.08"),
    ],
)
def test_apple_years_are_as_published(concept: str, unit: str, end: str, value: str) -> None:
    assert annual(real("AAPL"), concept, unit, end) == {Decimal(value)}


def test_restated_year_keeps_both_values() -> None:
    # 2009: as first reported, and under the revenue rules adopted the year after.
    assert annual(real("AAPL"), "us-gaap:SalesRevenueNet", "USD", "2009-09-26") == {
        Decimal("36537000000"),
        Decimal("42905000000"),
    }


@pytest.mark.parametrize(
    ("ticker", "cik", "rows"), [("AAPL", 320193, 24_579), ("MRVL", 1835632, 8_053), ("LPA", 1997711, 768)]
)
def test_every_row_of_a_real_file_is_read(ticker: str, cik: int, rows: int) -> None:
    found = real(ticker)
    assert (found.cik, len(found.facts)) == (cik, rows)


def test_numbers_under_other_accounting_rules_are_read() -> None:
    assert annual(real("LPA"), "ifrs-full:Revenue", "USD", "2023-12-31") == {Decimal(39436343)}
