"""Table rows stand under the columns the filing prints over them, or under none."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.answering.quotation import Statement, write_quotations
from finrag_ml_tg1.index.passage_record import PassageRecord
from tests.unit.answering.passages import make_passage


def quote(passage: PassageRecord, row: str) -> list[str]:
    """The lines of the answer that quotes a row."""
    start = passage.text.index(row)
    return write_quotations([Statement(0, start, start + len(row), 1.0)], [passage]).split("\n")


def table(text: str, lead: str = "", heading: str = "") -> PassageRecord:
    return make_passage(text, kind="table", lead=lead, heading=heading)


ROW = "Revenue | $75 | $70 | $64"


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        (f"2024 | 2023 | 2022\n{ROW}", ""),
        (f"(in millions) | 2024 | 2023 | 2022\n{ROW}", ""),
        (ROW, "Results (in millions):\n2024 | 2023 | 2022"),
        (f"Year ended December 31,\n2024 | 2023 | 2022\nCost | 1 | 2 | 3\n{ROW}", ""),
        (f"Reported | Reported | Reported\n2024 | 2023 | 2022\n{ROW}", ""),
        (f"Segment | Segment | Segment\n2025 | 2021\nOther | 9 | 8\n2024 | 2023 | 2022\n{ROW}", ""),
    ],
)
def test_values_stand_under_the_columns_printed_over_them(text: str, lead: str) -> None:
    lines = quote(table(text, lead), ROW)
    assert lines[-3:] == ["|  | 2024 | 2023 | 2022 |", "|---|---:|---:|---:|", "| Revenue | $75 | $70 | $64 |"]


@pytest.mark.parametrize(
    ("text", "lead", "printed"),
    [
        ("2024 | 2023 | 2022 | Change\n" + ROW, "", "2024, 2023, 2022, Change"),
        ("2024 | 2023\n" + ROW, "", "2024, 2023"),
        ("2019 | 2018 | 2017\nOld | 1 | 2 | 3\n2024 | 2023\n" + ROW, "", "2024, 2023"),
        ("2024 | 2023\n" + ROW, "2019 | 2018 | 2017\nOld rows | 4 | 5 | 6", "2024, 2023"),
    ],
)
def test_columns_are_quoted_as_printed_where_they_do_not_match(text: str, lead: str, printed: str) -> None:
    lines = quote(table(text, lead, "Results"), ROW)
    assert lines[-3] == "|  |  |  |  |"
    assert f"Columns as printed: {printed}." in lines[0]


def test_row_without_any_header_has_no_columns() -> None:
    lines = quote(table(ROW), ROW)
    assert lines[-3] == "|  |  |  |  |"
    assert "Columns as printed" not in lines[0]


@pytest.mark.parametrize(
    ("lead", "heading", "title"),
    [
        ("Results were (in millions):\n2024 | 2023 | 2022", "Overview", "Results were (in millions)"),
        ("2024 | 2023 | 2022", "Note 3 > Segment results", "Segment results"),
        ("", "Segment\nresults", "Segment results"),
        ("", "Segment | results", "Segment results"),
    ],
)
def test_title_is_one_line_of_words(lead: str, heading: str, title: str) -> None:
    lines = quote(table("2024 | 2023 | 2022\n" + ROW, lead, heading), ROW)
    assert lines[0] == f"**Orquenna Instruments, Inc. (fictional), 10-K for fiscal 2024: {title}** [1]"


def test_sentences_of_several_filings_stand_under_their_filing() -> None:
    passages = [
        make_passage("Sales grew.", accession="b", fiscal_year=2023),
        make_passage("Sales fell.", accession="a", fiscal_year=2024),
    ]
    assert write_quotations([Statement(1, 0, 11, 0.5), Statement(0, 0, 11, 0.9)], passages) == (
        "**Orquenna Instruments, Inc. (fictional), 10-K for fiscal 2024**\n\nSales fell. [1]\n\n"
        "**Orquenna Instruments, Inc. (fictional), 10-K for fiscal 2023**\n\nSales grew. [2]"
    )


def test_numbers_in_brackets_of_the_filing_are_no_citations() -> None:
    text = "As footnote [7] says, sales grew."
    assert write_quotations([Statement(0, 0, len(text), 1.0)], [make_passage(text)]) == (
        r"As footnote \[7\] says, sales grew. [1]"
    )


def test_rows_of_one_label_stand_under_the_lines_that_tell_them_apart() -> None:
    passage = table(
        "2024 | 2023\nNet sales:\nPumps | $75 | $70\nYear-over-year growth:\nPumps | 7% | 5%\nTubes | 1% | 2%"
    )
    rows = [passage.text.index("Pumps | $75"), passage.text.index("Pumps | 7%")]
    quoted = write_quotations(
        [Statement(0, start, passage.text.index("\n", start), 1.0) for start in rows], [passage]
    ).split("\n")
    assert quoted[-4:] == [
        "| Net sales: |  |  |",
        "| Pumps | $75 | $70 |",
        "| Year-over-year growth: |  |  |",
        "| Pumps | 7% | 5% |",
    ]
