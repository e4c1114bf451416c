"""Numbers are read from JSON with all their digits, and what is not a number is refused."""

import json
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from serving.frontend.contract.figures import Calculation, Fact, format_exact, read_calculations, read_facts
from serving.frontend.contract.json_row import ContractError, JsonRow
from serving.frontend.numbers.figures_view import set_headline_plain
from tests.ui.stub_numbers import Json, build_fact, build_margin


def read_fact(**more: object) -> Fact:
    return read_facts(JsonRow({"facts": [{**build_fact("Revenue", 1.0), **more}]}), "facts")[0]


def read_margin(**more: object) -> Calculation:
    return read_calculations(JsonRow({"calculations": [{**build_margin(), **more}]}), "calculations")[0]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("649317000.0", "649317000"),
        ("-31033000", "-31033000"),
        ("1.93", "1.93"),
        ("0.1", "0.1"),
        ("123456789012345678.25", "123456789012345678.25"),
        ("1e3", "1000"),
        ("1e-7", "0.0000001"),
        ("-0.0", "0"),
    ],
)
def test_number_keeps_every_digit(written: str, shown: str) -> None:
    row: Json = json.loads(f'{{"value": {written}}}', parse_float=Decimal)
    assert format_exact(JsonRow(row).decimal("value")) == shown


@pytest.mark.parametrize("written", ["NaN", "Infinity", "1e999999999", '"12"', "true", "null", "[]"])
def test_what_is_no_usable_number_is_refused(written: str) -> None:
    row: Json = json.loads(f'{{"value": {written}}}', parse_float=Decimal)
    with pytest.raises(ContractError, match="'value' is not a number"):
        JsonRow(row).decimal("value")


def test_grouped_digits_are_the_same_digits() -> None:
    assert format_exact(Decimal("-1234567.50"), grouped=True) == "-1,234,567.5"


@pytest.mark.parametrize(
    "missing", ["metric", "concept", "label", "value", "unit", "period_end", "dimensions", "accession"]
)
def test_fact_without_a_field_of_the_contract_is_refused(missing: str) -> None:
    fact = build_fact("Revenue", 1.0)
    del fact[missing]
    with pytest.raises(ContractError, match=missing):
        read_facts(JsonRow({"facts": [fact]}), "facts")


def test_fact_of_an_older_back_end_is_read() -> None:
    fact = build_fact("Revenue", 1.0)
    for name in ("ticker", "company", "source", "fiscal_period"):
        del fact[name]
    assert read_facts(JsonRow({"facts": [fact]}), "facts")[0].period == "FY2024"


def test_dimensions_that_are_no_texts_are_refused() -> None:
    with pytest.raises(ContractError, match="dimensions"):
        read_fact(dimensions={"axis": 1})


def test_periods_are_named_as_people_name_them() -> None:
    assert read_fact(fiscal_period="Q1").period == "Q1 FY2024"
    assert read_fact(fiscal_year=None).period == "2024-06-30"


def test_measure_is_the_name_without_its_period() -> None:
    assert read_margin().measure == "Gross margin"
    assert read_margin(name="Stores as a share of revenue, net, fiscal 2022 to 2024").measure == (
        "Stores as a share of revenue, net"
    )
    assert read_margin(name="Selling, general and administrative expense").measure == (
        "Selling, general and administrative expense"
    )


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**A: Revenue: $5** [1]\n\nPrinted.", "A: Revenue: $5 [1]\n\nPrinted."),
        ("No. **A: Loss: −$5** [1]", "No. A: Loss: −$5 [1]"),
        ("**A: Margin: 5 %**\n\nHow", "A: Margin: 5 %\n\nHow"),
        ("**A: Revenue**\n\n| Period |\n|---|", "**A: Revenue**\n\n| Period |\n|---|"),
        ("**Highest: A**\n\n**Return**\n\nwords", "**Highest: A**\n\n**Return**\n\nwords"),
        ("Plain words with **one** bold.", "Plain words with **one** bold."),
    ],
)
def test_opening_statement_is_plain_below_its_card_and_titles_stay_bold(written: str, shown: str) -> None:
    assert set_headline_plain(written) == shown


def show_figures(detail: str) -> None:
    from serving.frontend.contract.figures import read_facts
    from serving.frontend.contract.json_row import JsonRow
    from serving.frontend.numbers.figures_view import show_charts, show_exact_values
    from tests.ui.stub_numbers import build_revenues

    facts = read_facts(JsonRow({"facts": build_revenues()}), "facts")
    show_charts(facts, (), (), key="1", detail=detail)  # type: ignore[arg-type]
    show_exact_values(facts, (), key="1", detail=detail)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("detail", "charts", "is_open"), [("brief", 0, False), ("standard", 1, False), ("full", 1, True)]
)
def test_detail_chooses_what_is_drawn_and_open(detail: str, charts: int, is_open: bool) -> None:
    page = AppTest.from_function(show_figures, args=(detail,), default_timeout=20).run()
    assert not page.exception
    assert len(page.get("vega_lite_chart")) == charts
    assert page.expander[0].proto.expanded is is_open
