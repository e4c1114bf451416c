from __future__ import annotations

import html
import os
import re
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.filings.items.pointers import pointer_in
from finrag_ml_tg1.vocabulary.items import item_title
from tests.unit.filings.conftest import RealFiling, Sample
from tests.unit.filings.item_documents import items_of, spans_of

LONG = "<p>" + "Many words stand below this heading. " * 30 + "</p>"
# GE's and MCD's section files are unusable.
UNUSABLE = {"GE", "MCD"}
MIN_FOUND_RATE = 0.99
# The report that orders its text by an index of its own gives some pages to several items.
MIN_SHARE_IN_ITEMS = 0.9


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


def test_an_item_is_found_once_when_a_page_head_names_it_on_every_page() -> None:
    page = "<p>Item 7. Management’s Discussion and Analysis</p><p>Words of the harvest.</p>"
    found = items_of(heading("Item 1. Business") + page * 1_500 + heading("Item 8. Financial Statements") + LONG)
    assert list(found) == ["1", "7", "8"]
    assert found["7"].count("Words of the harvest.") == 1_500


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


def test_items_of_real_filings_hold_their_text_and_neither_captions_nor_signatures(
    real_filings: list[RealFiling],
) -> None:
    for report in real_filings:
        filing, ticker = report.filing, report.row["ticker"]
        text = filing.document.text
        covered = bytearray(len(text))
        for span in filing.items:
            covered[span.char_start : span.char_end] = b"\x01" * (span.char_end - span.char_start)
            body = text[span.char_start : span.char_end]
            assert not re.search(r"\bPART\s+[IV]+\s*$", body), f"{ticker} item {span.item}"
            assert not re.search(r"^\s*signatures\s*$\s*pursuant to the requirements", body, re.I | re.M), ticker
            if span.basis == "heading":
                number = span.item.rpartition("-")[2]
                assert re.match(rf"\W*(?:part\s+[iv]+\W+)?items?\W*{number[:-1]}", body, re.I), f"{ticker} {span.item}"
        assert sum(covered) >= MIN_SHARE_IN_ITEMS * len(text), ticker


def test_items_left_to_an_exhibit_are_known_as_incorporated_by_reference(real_filings: list[RealFiling]) -> None:
    reports = [report for report in real_filings if report.row["ticker"] in ("WFC", "IBM")]
    assert reports
    for report in reports:
        text = report.filing.document.text
        pointers = {span.item: pointer_in(text[span.char_start : span.char_end]) for span in report.filing.items}
        assert pointers["7"] == pointers["8"] == "incorporated by reference", report.row["ticker"]


def test_items_of_older_annual_reports_begin_and_end_where_they_were_divided() -> None:
    if "FINRAG_EVAL_DATA" not in os.environ:
        pytest.skip("FINRAG_EVAL_DATA names no folder with older annual reports")
    rows = pl.read_parquet(Path(os.environ["FINRAG_EVAL_DATA"]) / "filings" / "edgar_items.parquet")
    total = begun = ended = 0
    for _, report in rows.group_by("cik", "filing_date", "period", maintain_order=True):
        printed = {item: _printed_lines(item, text) for item, text in report.select("item", "text").iter_rows()}
        lines = [line for item_lines in printed.values() for line in item_lines]
        body = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
        document, spans = spans_of(f"<p>Cover.</p>{body}")
        offset = len("Cover.")
        for item, item_lines in printed.items():
            start, offset = offset, offset + len(_squeezed("".join(item_lines)))
            own = [span for span in spans if span.item == item]
            total += 1
            begun += bool(own) and len(_squeezed(document.text[: own[0].char_start])) == start
            # What was divided by others ends with the caption of the next part.
            ended += bool(own) and abs(len(_squeezed(document.text[: own[0].char_end])) - offset) <= len("PARTIII") + 5
    assert begun >= 0.99 * total, f"{begun} of {total}"
    assert ended >= 0.98 * total, f"{ended} of {total}"


def _printed_lines(item: str, text: str) -> list[str]:
    lines = [line for line in text.split("\n") if line.strip()]
    is_headed = re.match(r"\s*items?\b", text, re.IGNORECASE) is not None
    return lines if is_headed else [f"Item {item}. {item_title(item)}", *lines]


def _squeezed(text: str) -> str:
    return "".join(text.translate(dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u00ad"))).split())
