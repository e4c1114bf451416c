from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from finrag_ml_tg1.index.coverage import FilingCoverage, coverage_of_filings

NO_POINTER = ""


def span(item: str, start: int, end: int, *, confidence: float = 0.98, pointer: str = NO_POINTER) -> dict[str, Any]:
    return {"item": item, "char_start": start, "char_end": end, "confidence": confidence, "pointer": pointer}


def filing(spans: list[dict[str, Any]], **changed: object) -> dict[str, Any]:
    row: dict[str, Any] = {
        "accession": "a",
        "cik": 7,
        "form": "10-K",
        "fiscal_year": 2019,
        "period_end": date(2019, 12, 31),
        "characters": 100_000,
        "items": spans,
    }
    return row | changed


def coverage(*rows: dict[str, Any]) -> dict[str, FilingCoverage]:
    return coverage_of_filings(pl.DataFrame(list(rows)))


def doubted(*rows: dict[str, Any]) -> set[str]:
    return {item for item, _ in coverage(*rows)["a"].doubts}


@pytest.mark.parametrize(("characters", "is_doubted"), [(499, True), (500, False), (1, True)])
def test_an_item_below_500_characters_that_points_nowhere_is_reported(characters: int, is_doubted: bool) -> None:
    assert ("7" in doubted(filing([span("7", 0, characters)]))) == is_doubted


def test_a_short_item_that_says_where_its_matter_is_is_listed_as_a_pointer() -> None:
    report = coverage(filing([span("7", 0, 80, pointer="incorporated by reference")]))["a"]
    assert report.doubts == ()
    assert report.pointers() == {"7": "incorporated by reference"}


@pytest.mark.parametrize("year", [2018, 2020])
@pytest.mark.parametrize(
    ("characters", "is_doubted"), [(3_999, True), (4_000, False), (10_000, False), (25_000, False), (25_001, True)]
)
def test_an_item_far_from_a_neighbouring_years_length_is_reported(characters: int, is_doubted: bool, year: int) -> None:
    other = filing([span("1A", 0, 10_000)], accession="b", fiscal_year=year)
    assert ("1A" in doubted(filing([span("1A", 0, characters)]), other)) == is_doubted


def test_a_length_far_from_either_of_two_neighbours_is_reported() -> None:
    before = filing([span("1A", 0, 10_000)], accession="b", fiscal_year=2018)
    after = filing([span("1A", 0, 90_000)], accession="c", fiscal_year=2020)
    assert doubted(filing([span("1A", 0, 11_000)]), before, after) == {"1A"}


def test_every_filing_of_a_neighbouring_year_is_compared() -> None:
    rows = [filing([span("1A", 0, size)], accession=f"b{size}", fiscal_year=2018) for size in (90_000, 10_000, 11_000)]
    assert doubted(filing([span("1A", 0, 11_000)]), *rows) == {"1A"}


def test_a_far_length_is_reported_even_of_an_item_that_points_elsewhere() -> None:
    other = filing([span("7", 0, 60_000)], accession="b", fiscal_year=2018)
    assert doubted(filing([span("7", 0, 300, pointer="incorporated by reference")]), other) == {"7"}


@pytest.mark.parametrize(
    "changed",
    [
        {"cik": 8},
        {"fiscal_year": 2017},
        {"fiscal_year": 2019},
        {"form": "10-K/A"},
        {"form": "10-Q"},
    ],
)
def test_lengths_are_compared_with_the_same_filers_next_annual_reports_alone(changed: dict[str, Any]) -> None:
    other = filing([span("1A", 0, 90_000)], **({"accession": "b", "fiscal_year": 2018} | changed))
    assert doubted(filing([span("1A", 0, 9_000)]), other) == set()


def test_amendments_are_compared_with_amendments() -> None:
    other = filing([span("10", 0, 90_000)], accession="b", fiscal_year=2018, form="10-K/A")
    assert doubted(filing([span("10", 0, 9_000)], form="10-K/A"), other) == {"10"}


@pytest.mark.parametrize(("confidence", "is_doubted"), [(0.69, True), (0.7, False)])
def test_an_item_found_with_little_confidence_is_reported(confidence: float, is_doubted: bool) -> None:
    assert ("7A" in doubted(filing([span("7A", 0, 9_000, confidence=confidence)]))) == is_doubted


def test_spans_of_one_item_count_together() -> None:
    report = coverage(
        filing([span("8", 0, 300, pointer="elsewhere in this filing"), span("8", 900, 90_000, confidence=0.6)])
    )["a"]
    (item,) = report.items
    assert (item.characters, item.confidence, item.pointer) == (89_400, 0.6, "")
    assert {doubt for doubt, _ in report.doubts} == {"8"}


def test_share_in_items_counts_text_that_items_share_once() -> None:
    report = coverage(filing([span("1", 0, 50_000), span("2", 0, 50_000), span("3", 40_000, 60_000)]))["a"]
    assert report.share_in_items == 0.6
    assert coverage(filing([], characters=0))["a"].share_in_items == 0.0


def test_missing_items_are_those_the_form_asks_for_in_that_year() -> None:
    spans = [span(item, 1_000 * place, 1_000 * place + 900) for place, item in enumerate(("1", "2", "3"))]
    report = coverage(filing(spans, period_end=date(1999, 12, 31)))["a"]
    assert report.missing == ("4", "5", "6", "7", "7A", "8", "9", "10", "11", "12", "13", "14")
    assert report.found == 3
    amended = coverage(filing(spans, form="10-K/A"))["a"]
    assert amended.expected == amended.missing == ()
