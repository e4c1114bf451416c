from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings

from finrag_ml_tg1.filings.filing import Filing, read_filing
from finrag_ml_tg1.filings.passages.building import Passage, build_passages
from finrag_ml_tg1.filings.passages.head import MAX_PASSAGE_TOKENS, embedded_text, indexed_text, passage_head
from finrag_ml_tg1.index.encoder import OnnxEncoder
from tests.unit.filings.conftest import RealFiling, Sample
from tests.unit.filings.documents import cover_html, filing_html, long_bodies

WINDOW = 254


def check_passages(filing: Filing, passages: list[Passage], count_tokens: Callable[[str], int]) -> None:
    """What holds for the passages of every filing."""
    text, cover = filing.document.text, filing.cover
    covered = bytearray(len(text))
    for position, passage in enumerate(passages):
        assert passage.position == position
        assert passage.text == text[passage.char_start : passage.char_end]
        head = passage_head(
            cover.company,
            cover.tickers,
            cover.form,
            fiscal_year=cover.fiscal_year,
            fiscal_period=cover.fiscal_period,
            item=passage.item,
            heading=passage.heading,
        )
        assert count_tokens(indexed_text(head, passage.lead, passage.text)) <= WINDOW
        covered[passage.char_start : passage.char_end] = b"\x01" * len(passage.text)
        spans = [span for span in filing.items if span.char_start < passage.char_end <= span.char_end]
        within = {span.item for span in spans if span.char_start <= passage.char_start}
        assert passage.item in within if spans else passage.item == ""
    assert [passage.char_start for passage in passages] == sorted(passage.char_start for passage in passages)
    for block in filing.document.blocks:
        inside = covered[block.char_start : block.char_end]
        words = filing.document.text_of(block)
        if block.kind == "furniture":
            assert not any(inside) or not any(char.isalnum() for char in words)
        else:
            lost = [char for char, mark in zip(words, inside, strict=True) if not mark]
            assert not "".join(lost).strip(), f"in no passage: {''.join(lost)[:80]!r}"


@settings(max_examples=35, deadline=None)
@given(body=long_bodies())
def test_passages_hold_every_word_within_the_window_when_the_document_is_odd(encoder: OnnxEncoder, body: str) -> None:
    filing = read_filing((cover_html() + body).encode(), "odd.html")
    check_passages(filing, build_passages(filing, encoder.token_offsets), encoder.count_tokens)


@pytest.mark.parametrize("company", ["A" * 5_000, "a-" * 400, "資産" * 300])
def test_passages_stay_within_the_window_when_names_and_headings_are_long(encoder: OnnxEncoder, company: str) -> None:
    body = "".join(f"<p><b>{'-' * 150} {number}</b></p>" for number in range(9)) + "<p>" + "word " * 900 + "</p>"
    filing = read_filing(filing_html(company, body=body), "long.html")
    check_passages(filing, build_passages(filing, encoder.token_offsets), encoder.count_tokens)


def test_passages_of_the_samples_hold_every_word_within_the_window(samples: list[Sample], encoder: OnnxEncoder) -> None:
    for sample in samples[::3]:
        check_passages(sample.filing, build_passages(sample.filing, encoder.token_offsets), encoder.count_tokens)


def test_passages_of_real_filings_hold_every_word_within_the_window(
    real_filings: list[RealFiling], encoder: OnnxEncoder
) -> None:
    chosen = [report for report in real_filings if report.row["file"].startswith(("html/OLD", "html/IBM_10-K_0"))]
    for report in sorted(chosen, key=lambda report: len(report.filing.document.text))[:3]:
        check_passages(report.filing, build_passages(report.filing, encoder.token_offsets), encoder.count_tokens)


def count_words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


def passages_of(body: str) -> list[Passage]:
    return build_passages(
        read_filing(filing_html(body=f"<p><b>Item 8. Statements</b></p>{body}"), "x.html"), count_words
    )


def test_a_split_table_repeats_caption_and_header_rows_in_its_lead() -> None:
    rows = "".join(f"<tr><td>Line {row}</td><td>{row},000</td><td>9</td></tr>" for row in range(200))
    table = f"<table><tr><td></td><td>2023</td><td>2022</td></tr>{rows}</table>"
    tables = [passage for passage in passages_of(f"<p>(in millions)</p>{table}") if passage.kind == "table"]
    assert len(tables) > 2
    assert tables[0].lead == ""
    first = "Item 8. Statements\n\n(in millions)\n\n"
    assert tables[0].text.startswith(f"{first}2023 | 2022\nLine 0 | 0,000 | 9\n")
    assert {passage.lead for passage in tables[1:]} == {"(in millions)\n2023 | 2022"}
    printed = [line for passage in tables for line in passage.text.removeprefix(first).split("\n")]
    assert printed == ["2023 | 2022", *(f"Line {row} | {row},000 | 9" for row in range(200))]


def test_a_passage_keeps_the_heading_it_stands_under() -> None:
    sections = "".join(f"<p><b>Section {number}</b></p><p>{'word ' * 150}{number}.</p>" for number in range(5))
    passages = [passage for passage in passages_of(sections) if "word" in passage.text]
    assert [passage.heading for passage in passages] == [f"Section {number}" for number in range(5)]


def test_a_heading_is_not_left_alone_when_the_paragraph_under_it_is_longer_than_a_window() -> None:
    sections = "".join(f"<p><b>Section {number}</b></p><p>{'A few words stand here. ' * 90}</p>" for number in range(3))
    passages = passages_of(sections)
    for number in range(3):
        (headed,) = [passage for passage in passages if f"Section {number}" in passage.text]
        assert "A few words" in headed.text


def test_headings_that_fill_a_window_are_not_moved_under_the_heading_after_them() -> None:
    headings = "".join(f"<p><b>{'long ' * 30}{number}</b></p>" for number in range(20))
    for passage in passages_of(headings + "<p>Words.</p>")[1:]:
        lowest = passage.heading.split(" > ")[-1].split()[-1]
        assert lowest in passage.text.split()


def test_a_statement_is_named_by_the_heading_above_it() -> None:
    lines = ["Cash", "Total current assets", "Total assets", "Long-term debt", "Total liabilities", "Retained earnings"]
    table = "<table>" + "".join(f"<tr><td>{line}</td><td>5</td><td>7</td></tr>" for line in lines) + "</table>"
    passages = passages_of(f"<p><b>Consolidated Balance Sheets</b></p>{table}<p><b>Leases</b></p>{table}")
    assert [passage.statement for passage in passages if passage.kind == "table"] == ["balance", "none"]


def test_the_line_that_leads_to_a_table_stands_with_it_and_the_prose_before_does_not() -> None:
    table = "<table><tr><td>Leases due</td><td>5</td></tr><tr><td>Debt due</td><td>7</td></tr></table>"
    body = f"<p>{'Some words stand here. ' * 30}</p><p>What is due was as follows:</p>{table}"
    _, prose, led = passages_of(body)
    assert (prose.kind, led.kind) == ("prose", "table")
    assert prose.text.endswith("stand here.")
    assert led.text == "What is due was as follows:\n\nLeases due | 5\nDebt due | 7"


def test_a_remark_under_a_table_stays_with_it() -> None:
    table = "<table><tr><td>Leases due</td><td>5</td></tr><tr><td>Debt due</td><td>7</td></tr></table>"
    _, passage = passages_of(f"{table}<p>(1) Net of discounts.</p><p>12</p>")
    assert passage.text.endswith("Debt due | 7\n\n(1) Net of discounts.")


def test_the_last_part_of_a_split_table_is_not_a_single_row() -> None:
    for count in range(40, 70):
        rows = "".join(f"<tr><td>Line of words {row}</td><td>{row}</td></tr>" for row in range(count))
        tables = [passage for passage in passages_of(f"<table>{rows}</table>") if passage.kind == "table"]
        assert len(tables) == 1 or len(tables[-1].text.split("\n")) > 4, count


def test_units_are_not_repeated_for_a_table_without_numbers_nor_where_its_header_says_them() -> None:
    numbers = "<tr><td>(in thousands)</td><td>2023</td></tr><tr><td>Leases due</td><td>5</td></tr>"
    names = "<tr><td>By</td><td>A. Person</td></tr><tr><td>Title</td><td>Director</td></tr>"
    for rows in (numbers, names):
        body = f"<p>(All amounts in thousands)</p><p>{'Many words. ' * 300}</p><table>{rows}</table>"
        leads = [passage.lead for passage in passages_of(body) if passage.kind == "table"]
        assert leads
        assert not any("in thousands" in lead for lead in leads)


@pytest.mark.parametrize("line", ["/s/ Plain Auditor LLP", "PLAIN EXAMPLE CORP.", "(in millions)", "__________"])
def test_a_line_that_heads_nothing_is_not_taken_for_a_heading(line: str) -> None:
    passages = passages_of(f"<p><b>Leases</b></p><p>First.</p><p><b>{line}</b></p><p>{'Then more words. ' * 20}</p>")
    assert {passage.heading for passage in passages[1:]} == {"Leases"}


def test_a_ruler_does_not_part_a_heading_from_its_text() -> None:
    page = "<p><b>Plain Example Corp. Form 10-K</b></p><hr style='page-break-after:always'>"
    ruled = "<p><b>Our Leases</b></p><p>-----------------</p><p>We lease our stores from others.</p>"
    (passage,) = [passage for passage in passages_of(page * 8 + ruled) if "We lease" in passage.text]
    assert passage.text.startswith("Our Leases")
    assert passage.heading == "Our Leases"


def test_the_title_of_a_statement_heads_it_when_it_is_not_printed_like_a_heading() -> None:
    lines = ["Cash", "Total current assets", "Total assets", "Long-term debt", "Total liabilities", "Retained earnings"]
    table = "<table>" + "".join(f"<tr><td>{line}</td><td>5</td><td>7</td></tr>" for line in lines) + "</table>"
    body = f"<p><b>Report of Auditors</b></p><p>We audited.</p><p>Consolidated Balance Sheets</p>{table}"
    (sheet,) = [passage for passage in passages_of(body) if passage.statement == "balance"]
    assert sheet.heading.endswith("Consolidated Balance Sheets")
    assert "Report of Auditors" not in sheet.heading


def test_no_passage_is_of_two_notes_and_the_head_names_the_note_once() -> None:
    notes = "".join(f"<p><b>NOTE {number} - Subject {number}</b></p><p>Short words.</p>" for number in range(1, 6))
    lines = ["Cash", "Total current assets", "Total assets", "Long-term debt", "Total liabilities", "Retained earnings"]
    table = "<table>" + "".join(f"<tr><td>{line}</td><td>5</td><td>7</td></tr>" for line in lines) + "</table>"
    passages = passages_of(f"<p><b>Consolidated Balance Sheets</b></p>{table}{notes}<p><b>Item 9. Changes</b></p>")
    noted = [passage for passage in passages if passage.note]
    assert [passage.note for passage in noted] == [f"NOTE {number} - Subject {number}" for number in range(1, 6)]
    assert all(passage.heading == passage.note and passage.text.startswith(passage.note) for passage in noted)


def head_of(form: str, period: str) -> str:
    return passage_head(
        "Plain Example Corp.", ("PLX",), form, fiscal_year=2023, fiscal_period=period, item="", heading="SIGNATURES"
    )


def test_head_of_text_outside_items_names_no_item() -> None:
    assert head_of("10-K", "FY") == ("Plain Example Corp. (PLX) 10-K FY2023 > SIGNATURES")


def test_head_of_a_quarterly_report_names_the_quarter() -> None:
    assert head_of("10-Q", "Q2") == ("Plain Example Corp. (PLX) 10-Q Q2 FY2023 > SIGNATURES")


def test_embedded_text_has_the_words_of_rows_and_the_numbers_of_sentences() -> None:
    table = "Revenue | $ 1,234 | (56) | 7.8 %\nYears ended | 2023 | 2022\nWe opened 3 stores in 2023."
    assert embedded_text(2023, "9A", "Results", "In millions", table) == (
        "Item 9A Controls and Procedures > Results\nIn millions\nRevenue\nYears ended 2023 2022\n"
        "We opened 3 stores in 2023."
    )


def test_same_words_of_two_reports_are_embedded_alike() -> None:
    assert embedded_text(2022, "1", "Staff", "", "We employ people.") == embedded_text(
        2023, "1", "Staff", "", "We employ people."
    )


def test_the_window_is_the_encoders() -> None:
    assert MAX_PASSAGE_TOKENS == WINDOW
