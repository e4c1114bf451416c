from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest

from finrag_ml_tg1.filings.canonical import parse_html, read_canonical
from finrag_ml_tg1.filings.items.finding import find_items
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.links import InternalLinks
from finrag_ml_tg1.vocabulary.items import items_of_form
from tests.unit.filings.conftest import RealFiling, Sample

LONG = "<p>" + "Many words stand below this heading. " * 30 + "</p>"
# GE's and MCD's section files are unusable; INTC prints no item headings.
UNUSABLE = {"GE", "MCD", "INTC"}
MIN_FOUND_RATE = 0.95


def items_of(body: str, form: str = "10-K") -> dict[str, str]:
    root = parse_html(f"<html><body>{body}</body></html>".encode())
    links = InternalLinks(root)
    document = read_canonical(root, links.elements)
    spans = find_items(document, items_of_form(form), links.placed(document.spans))
    assert all(left.char_end <= right.char_start or left.char_start == right.char_start for left, right in pairs(spans))
    return {span.item: document.text[span.char_start : span.char_end] for span in spans}


def pairs(spans: tuple[ItemSpan, ...]) -> list[tuple[ItemSpan, ItemSpan]]:
    return list(pairwise(spans))


def heading(text: str) -> str:
    return f"<p><b>{text}</b></p>"


CONTENTS_LINES = ["Item 1. Business", "Item 1A. Risk Factors", "Item 2. Properties", "Item 7. Management’s Discussion"]


def filing_body() -> str:
    return "".join(heading(line) + LONG for line in CONTENTS_LINES)


@pytest.mark.parametrize(
    "contents",
    [
        "".join(f"<p>{line}</p>" for line in CONTENTS_LINES),
        "<table>" + "".join(f"<tr><td>{line}</td></tr>" for line in CONTENTS_LINES) + "</table>",
        "<table>"
        + "".join(
            "<tr><td>{}.</td><td>{}</td><td>{}</td></tr>".format(*line.split(". "), page)
            for page, line in enumerate(CONTENTS_LINES)
        )
        + "</table>",
        "".join("<table><tr><td>{}.</td><td>{}</td></tr></table>".format(*line.split(". ")) for line in CONTENTS_LINES),
    ],
    ids=["paragraphs", "layout table", "data table", "a table each"],
)
def test_items_begin_at_their_own_text_when_a_table_of_contents_names_them_first(contents: str) -> None:
    found = items_of(contents + "<p>Forward-looking statements</p>" + filing_body())
    assert list(found) == ["1", "1A", "2", "7"]
    assert all(text.count("Many words") == 30 for text in found.values())


def test_items_are_not_taken_from_cross_references() -> None:
    references = (
        "<p>Item 1A of this report tells the risks.</p><p>Item 7, below, tells more.</p>"
        "<p>Item 2 and other items are described above.</p>"
    )
    body = heading("Item 1. Business") + LONG + references + LONG + heading("Item 1A. Risk Factors") + references + LONG
    found = items_of(body)
    assert list(found) == ["1", "1A"]
    assert "tells the risks" in found["1"]


def test_a_combined_heading_gives_both_items_the_same_text() -> None:
    found = items_of(heading("Items 1 and 2. Business and Properties") + LONG + heading("Item 3. Legal Proceedings"))
    assert list(found) == ["1", "2", "3"]
    assert found["1"] == found["2"]


def test_items_between_those_of_a_combined_heading_may_follow_it() -> None:
    body = (
        heading("Items 1 and 2. Business and Properties")
        + LONG
        + heading("Item 1A. Risk Factors")
        + LONG
        + heading("Item 3. Legal Proceedings")
        + LONG
    )
    assert list(items_of(body)) == ["1", "2", "1A", "3"]


def test_items_that_are_missing_do_not_shift_the_others() -> None:
    found = items_of(heading("Item 1. Business") + LONG + heading("Item 9A. Controls and Procedures") + LONG)
    assert list(found) == ["1", "9A"]


def test_titles_alone_are_recognised_when_no_number_is_printed() -> None:
    found = items_of(heading("Risk Factors") + LONG + heading("Legal Proceedings") + LONG)
    assert list(found) == ["1A", "3"]


@pytest.mark.parametrize("body", ["", LONG, "<p>The business is described here at some length.</p>" + LONG])
def test_no_items_are_found_when_there_are_no_headings(body: str) -> None:
    assert items_of("<p>Words.</p>" + body) == {}


def test_signatures_are_in_no_item() -> None:
    found = items_of(filing_body() + heading("SIGNATURES") + "<p>Signed by the officers.</p>")
    assert "Signed" not in found["7"]


def test_items_of_both_parts_of_a_quarterly_report_are_told_apart() -> None:
    body = (
        heading("Part I")
        + heading("Item 1. Financial Statements")
        + LONG
        + heading("Item 2. Management’s Discussion and Analysis")
        + LONG
        + heading("Part II")
        + heading("Item 1. Legal Proceedings")
        + LONG
        + heading("Item 1A. Risk Factors")
        + LONG
        + heading("Item 6. Exhibits")
    )
    assert list(items_of(body, "10-Q")) == ["I-1", "I-2", "II-1", "II-1A", "II-6"]


def test_items_are_found_in_reasonable_time_when_a_page_head_names_one_on_every_page() -> None:
    page = "<p>Item 7. Management’s Discussion and Analysis</p><p>Words of the page.</p>"
    began = time.perf_counter()
    items_of(heading("Item 1. Business") + page * 1_500 + heading("Item 8. Financial Statements") + LONG)
    assert time.perf_counter() - began < 5


def test_items_of_the_samples_equal_their_ground_truth(samples: list[Sample]) -> None:
    for sample in samples:
        assert [span.item for span in sample.filing.items] == sample.truth["items"], sample.truth["file"]


def test_items_of_real_annual_reports_are_found(real_filings: list[RealFiling]) -> None:
    reports = [
        report
        for report in real_filings
        if report.expected_items and report.row["form"] == "10-K" and report.row["ticker"] not in UNUSABLE
    ]
    missed = [
        (report.row["ticker"], item)
        for report in reports
        for item in report.expected_items
        if item not in {span.item for span in report.filing.items}
    ]
    expected = sum(len(report.expected_items) for report in reports)
    rate = 1 - len(missed) / expected
    assert rate >= MIN_FOUND_RATE, f"{expected - len(missed)} of {expected} items found ({rate:.4f}), missed: {missed}"


def test_items_of_real_quarterly_reports_are_found(real_filings: list[RealFiling]) -> None:
    for report in real_filings:
        if report.row["form"] == "10-Q":
            expected = [_identifier(name) for name in report.expected_items]
            found = [span.item for span in report.filing.items]
            missed = [item for item in expected if item not in found]
            assert len(missed) <= 0.05 * len(expected), f"{report.row['ticker']}: missed {missed}"


def _identifier(name: str) -> str:
    """The section files write "part2item1a"."""
    match = re.fullmatch(r"part([12])item(\w+)", name)
    assert match
    return f"{'I' * int(match[1])}-{match[2].upper()}"
