from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings

from finrag_ml_tg1.filings.tabular.model import TableReading
from finrag_ml_tg1.filings.tabular.reading import read_tables
from tests.unit.filings.documents import Markup, bodies
from tests.unit.filings.tabular.tables import cover_of, document_of, html_table, readings_of

_INCOME = html_table(
    "|Years ended December 31,*2",
    "(In millions, except per share data)|2023|2022",
    "Net sales:",
    "Products|$|1,204|$|987".replace("$|", "$"),
    "Total net sales (a)|1,204|987",
    "Cost of sales|(800)|(700)",
    "Operating income|404|287",
    "Income before taxes|400|280",
    "Provision for income taxes|(100)|—",
    "Net income|$300|$280",
    "Earnings per share:",
    "Basic|$3.00|$2.80",
    "Weighted-average shares outstanding|100.0|100.0",
)


def cells_of(reading: TableReading, label: str) -> list[tuple[object, ...]]:
    return [
        (cell.period_start, cell.period_end, cell.value, cell.unit)
        for row in reading.rows
        if row.label == label
        for cell in row.cells
    ]


def test_a_number_has_its_label_period_and_unit() -> None:
    (reading,) = readings_of(f"<p><b>Consolidated Statements of Income</b></p>{_INCOME}")
    year = (date(2023, 1, 1), date(2023, 12, 31))
    before = (date(2022, 1, 1), date(2022, 12, 31))
    assert (reading.statement, reading.is_primary, reading.header_rows) == ("income", True, 2)
    assert reading.units_line == "In millions, except per share data"
    assert cells_of(reading, "Total net sales") == [
        (*year, Decimal(1_204_000_000), "USD"),
        (*before, Decimal(987_000_000), "USD"),
    ]
    assert cells_of(reading, "Provision for income taxes")[1] == (*before, Decimal(0), "USD")
    assert cells_of(reading, "Basic")[0] == (*year, Decimal("3.00"), "USD/shares")
    assert cells_of(reading, "Weighted-average shares outstanding")[0] == (*year, Decimal(100_000_000), "shares")
    total = next(row for row in reading.rows if row.label == "Total net sales")
    assert (total.footnotes, total.label_path) == (("(a)",), ())
    assert next(row for row in reading.rows if row.label == "Basic").label_path == ("Earnings per share:",)


@pytest.mark.parametrize(
    ("header", "periods"),
    [
        ("|December 31, 2023|2022", [(None, date(2023, 12, 31)), (None, date(2022, 12, 31))]),
        (
            "|Years ended December 31, 2023|2022",
            [(date(2023, 1, 1), date(2023, 12, 31)), (date(2022, 1, 1), date(2022, 12, 31))],
        ),
        ("|As of June 30, 2023|As of June 30, 2022", [(None, date(2023, 6, 30)), (None, date(2022, 6, 30))]),
        ("|Fiscal 2023|FY22", [(date(2023, 1, 1), date(2023, 12, 31)), (date(2022, 1, 1), date(2022, 12, 31))]),
        ("|Three Months Ended June 30, 2023|2023 vs. 2022", [(date(2023, 4, 1), date(2023, 6, 30)), (None, None)]),
        ("Years ended December 31,|2023|Change", [(date(2023, 1, 1), date(2023, 12, 31)), (None, None)]),
    ],
)
def test_headings_name_periods(header: str, periods: list[tuple[date | None, date | None]]) -> None:
    (reading,) = readings_of(html_table(header, "Something|5|4", "Else|3|2"))
    assert [(column.period_start, column.period_end) for column in reading.columns] == periods


def test_fiscal_labels_end_where_the_filer_ends_its_years() -> None:
    body = "<p><b>January 29, 2023</b></p>" + html_table(
        "|Fiscal*2", "|2023|2022", "Net sales|$5|$4", "Cost of sales|3|2"
    )
    (reading,) = readings_of(body, cover_of(date(2024, 1, 28), 2023))
    assert [column.period_end for column in reading.columns] == [date(2024, 1, 28), date(2023, 1, 29)]
    assert reading.columns[0].period_start == date(2023, 1, 30)


def test_cash_at_the_beginning_and_end_is_of_a_day() -> None:
    body = "<p><b>Consolidated Statements of Cash Flows</b></p>" + html_table(
        "Years ended December 31,|2023|2022",
        "Net cash provided by operating activities|5|4",
        "Net cash used in investing activities|(3)|(2)",
        "Net cash used in financing activities|(1)|(1)",
        "Increase in cash|1|1",
        "Cash at beginning of year|6|5",
        "Cash at end of year|$7|$6",
        "Cash paid for interest|1|1",
    )
    (reading,) = readings_of(body)
    assert cells_of(reading, "Cash at beginning of year")[0][:2] == (None, date(2022, 12, 31))
    assert cells_of(reading, "Cash at end of year")[0][:2] == (None, date(2023, 12, 31))
    assert cells_of(reading, "Cash paid for interest")[0][:2] == (date(2023, 1, 1), date(2023, 12, 31))


def test_rows_between_two_balances_are_of_the_time_between() -> None:
    (reading,) = readings_of(
        html_table(
            "|Common stock|Retained earnings|Total",
            "Balance at December 31, 2022|$1|$4|$5",
            "Net income|—|2|2",
            "Balance at December 31, 2023|$1|$6|$7",
        )
    )
    assert cells_of(reading, "Balance at December 31, 2022")[0][:2] == (None, date(2022, 12, 31))
    assert cells_of(reading, "Net income")[0][:2] == (date(2023, 1, 1), date(2023, 12, 31))


def test_a_continuation_has_the_caption_units_and_header_of_its_beginning() -> None:
    start = html_table("(in thousands)|2023|2022", "Trucks|$5|$4", "Vans|3|2")
    rest = html_table("Cars|2|1", "Bikes|1|1")
    first, second = readings_of(f"<p>Vehicles we own</p>{start}<p>12</p>{rest}")
    assert (first.is_continuation, second.is_continuation) == (False, True)
    assert (second.caption, second.units_line) == (first.caption, first.units_line)
    assert [column.heading for column in second.columns] == [column.heading for column in first.columns]
    assert cells_of(second, "Cars")[0][2:] == (Decimal(2000), "USD")


def test_a_caption_is_the_title_with_its_units_and_period() -> None:
    lines = ("Other words", "Statements of Vehicles", "Years ended December 31, 2023 and 2022", "(in thousands)")
    above = "".join(f"<p>{line}</p>" for line in lines)
    (reading,) = readings_of(above + html_table("|2023|2022", "Trucks|$5|$4"))
    assert reading.caption.split("\n") == list(lines[1:])
    assert cells_of(reading, "Trucks")[0] == (date(2023, 1, 1), date(2023, 12, 31), Decimal(5000), "USD")


def test_a_table_with_its_own_caption_continues_nothing() -> None:
    table = html_table("(in thousands)|2023|2022", "Trucks|$5|$4")
    assert not any(reading.is_continuation for reading in readings_of(f"<p>Ours</p>{table}<p>Theirs</p>{table}"))


def test_units_stated_for_all_tables_hold_until_others_are_stated() -> None:
    table = html_table("|2023|2022", "Trucks|$5|$4")
    stated = "<p>Tabular dollars are in millions, unless otherwise noted.</p><p>We own these.</p>"
    (reading,) = readings_of(stated + table)
    assert cells_of(reading, "Trucks")[0][2:] == (Decimal(5_000_000), "USD")


def test_tables_of_contents_summaries_and_parent_schedules_are_no_primary_statements() -> None:
    contents = html_table("Index|Page", "Consolidated Statements of Income|40", "Consolidated Balance Sheets|41")
    body = (
        f"<p><b>Item 8. Financial Statements</b></p>{contents}"
        f"<p><b>Consolidated Statements of Income</b></p>{_INCOME}"
        f"<p><b>Schedule I</b></p><p><b>(Parent Company Only)</b></p><p><b>Statements of Income</b></p>{_INCOME}"
    )
    assert [(reading.statement, reading.is_primary) for reading in readings_of(body)] == [
        ("none", False),
        ("income", True),
        ("none", False),
    ]


def test_a_statement_without_a_title_is_known_by_its_line_items() -> None:
    (reading,) = readings_of(_INCOME)
    assert (reading.statement, reading.is_primary) == ("income", True)


@settings(max_examples=200)
@given(bodies())
def test_any_document_is_read_and_offsets_open_on_what_was_printed(body: Markup) -> None:
    document = document_of(f"<p>Plain words.</p>{body.source}")
    readings = read_tables(document, cover_of())
    assert set(readings) == {index for index, block in enumerate(document.blocks) if block.table and block.table.rows}
    for reading in readings.values():
        for row in reading.rows:
            for cell in row.cells:
                assert document.text[cell.char_start : cell.char_end] == cell.printed
                assert 0 <= cell.column < len(reading.columns)
