"""The CSV file: one row for each number, exact, and inert in a spreadsheet."""

import csv
import io

import pytest

from serving.frontend.contract.figures import read_calculations, read_facts
from serving.frontend.contract.json_row import JsonRow
from serving.frontend.numbers.figures_csv import CSV_COLUMNS, build_csv
from tests.ui.stub_numbers import COMPANY, Json, build_fact, build_margin, build_segments


def write(facts: list[Json], calculations: list[Json]) -> list[dict[str, str]]:
    """Return the rows of the file as a program reads them."""
    row = JsonRow({"facts": facts, "calculations": calculations})
    content = build_csv(read_facts(row, "facts"), read_calculations(row, "calculations"))
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_every_number_is_one_row_with_where_it_comes_from() -> None:
    margin = build_margin()
    calculation, profit, revenue = write(margin["inputs"], [margin])
    assert list(calculation) == list(CSV_COLUMNS)
    assert calculation["kind"] == "calculation"
    assert calculation["value"] == "0.3909774436090226"
    assert calculation["formula"] == "Gross profit ÷ Revenue"
    assert calculation["expression"] == "161,200 ÷ 412,300 (thousands)"
    assert calculation["accession"] == "0009990001-24-000001"
    assert profit["concept"] == "us-gaap:GrossProfit"
    assert revenue == {
        "kind": "fact",
        "company": COMPANY,
        "ticker": "VLMR",
        "metric": "revenue",
        "concept": "us-gaap:Revenues",
        "label": "Revenue",
        "value": "412300000",
        "unit": "USD",
        "period_start": "2023-07-01",
        "period_end": "2024-06-30",
        "fiscal_year": "2024",
        "fiscal_period": "FY",
        "dimensions": "",
        "accession": "0009990001-24-000001",
        "source": "tagged",
        "citation": "1",
        "formula": "",
        "expression": "",
    }


def test_dimensions_are_told() -> None:
    assert write(build_segments(), [])[0]["dimensions"] == "us-gaap:StatementBusinessSegmentsAxis=vlmr:GaugesMember"


@pytest.mark.parametrize(
    "label",
    ["=1+1", "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", " =1+1", "\t=1+1", "＝1+1", "Sales;=1+1", "Sales\n=1+1"],
)
def test_text_that_a_spreadsheet_would_run_is_led_by_an_apostrophe(label: str) -> None:
    written = write([build_fact(label, 1.0)], [])[0]["label"]
    assert written.replace("'", "", 1) == label or written == label.replace("=", "'=")
    assert not any(
        cell.lstrip().startswith(("=", "+", "-", "@", "＝")) for cell in written.replace("\n", ";").split(";")
    )


def test_negative_numbers_stay_numbers() -> None:
    assert write([build_fact("-5.25", -31_033_000.0)], [])[0]["value"] == "-31033000"
    assert write([build_fact("-5.25", 1.0)], [])[0]["label"] == "-5.25"


def test_commas_quotes_and_line_breaks_stay_in_their_cell() -> None:
    label = 'Sales, "net"\nof returns'
    assert write([build_fact(label, 1.0)], [])[0]["label"] == label


def test_input_that_is_no_fact_of_the_answer_has_a_row_of_its_own() -> None:
    margin = build_margin()
    profit, revenue = margin["inputs"]
    rows = write([revenue], [margin, margin])
    assert [row["kind"] for row in rows] == ["calculation", "calculation", "input", "fact"]
    assert (rows[2]["concept"], rows[2]["value"], rows[2]["citation"]) == ("us-gaap:GrossProfit", "161200000", "1")
    assert [row["kind"] for row in write([profit, revenue], [margin])] == ["calculation", "fact", "fact"]


def test_number_that_is_printed_nowhere_has_no_citation() -> None:
    assert write([build_fact("Revenue", 1.0, citation=None)], [])[0]["citation"] == ""
