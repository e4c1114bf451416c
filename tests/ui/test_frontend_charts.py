"""What is drawn of an answer's numbers, and that nothing is where there is nothing to compare."""

import json

import pytest

from serving.frontend.contract.figures import read_calculations, read_facts
from serving.frontend.contract.json_row import JsonRow
from serving.frontend.numbers.chart_data import Chart, choose_charts
from serving.frontend.numbers.chart_spec import build_spec, describe_chart
from tests.ui.stub_numbers import COMPANY, Json, build_fact, build_margin, build_revenues, build_segments


def choose(facts: list[Json], calculations: list[Json] | None = None, metrics: tuple[str, ...] = ()) -> list[Chart]:
    row = JsonRow({"facts": facts, "calculations": calculations or []})
    return choose_charts(read_facts(row, "facts"), read_calculations(row, "calculations"), metrics)


def draw(chart: Chart) -> Json:
    """Return the one layer of a chart's specification, as JSON gives it."""
    spec: Json = json.loads(json.dumps(build_spec(chart)))
    assert "data" not in spec, "Streamlit would load pandas"
    (layer,) = spec["layer"]
    assert isinstance(layer, dict)
    return layer


def marks(chart: Chart) -> list[str]:
    return [layer["mark"]["type"] for layer in draw(chart)["layer"]]


def in_other_company(fact: Json, ticker: str) -> Json:
    return {**fact, "ticker": ticker, "company": f"{ticker} (fictional)"}


def test_three_years_of_one_number_are_columns_in_order_of_time() -> None:
    (chart,) = choose(build_revenues()[::-1])
    assert chart.title == f"{COMPANY}, Revenue"
    layer = draw(chart)
    assert marks(chart) == ["bar", "text"]
    assert layer["encoding"]["x"]["sort"] == ["FY2022", "FY2023", "FY2024"]
    assert {row["period"]: row["value"] for row in layer["data"]["values"]}["FY2023"] == 389.75
    assert layer["encoding"]["y"]["axis"]["title"] == "USD million"
    assert {row["exact"] for row in layer["data"]["values"]} >= {"412,300,000 USD"}


def test_columns_stand_on_zero() -> None:
    facts = build_revenues()
    assert draw(choose(facts)[0])["encoding"]["y"]["scale"]["domain"][0] == 0
    facts[1]["value"] = -5.0
    assert draw(choose(facts)[0])["encoding"]["y"]["scale"]["domain"][0] < -5e-6
    for fact in facts:
        fact["value"] = 0.0
    assert draw(choose(facts)[0])["encoding"]["y"]["scale"] == {}


def test_two_companies_over_three_years_are_lines_with_their_tickers() -> None:
    others = [in_other_company(fact, "OTHR") for fact in build_revenues()]
    (chart,) = choose(build_revenues() + others)
    assert chart.title == "Revenue"
    assert dict.fromkeys(chart.names) == {"VLMR": None, "OTHR": None}
    assert marks(chart) == ["line", "point"]


def test_numbers_of_different_units_are_not_in_one_chart() -> None:
    earnings = [build_fact("Diluted earnings per share", 1.5, year, unit="USD/shares") for year in (2022, 2023, 2024)]
    charts = choose(build_revenues() + earnings)
    assert [draw(chart)["encoding"]["y"]["axis"]["title"] for chart in charts] == ["USD million", "USD per share"]


def test_segments_of_one_year_are_bars_in_the_order_of_the_answer() -> None:
    (chart,) = choose(build_segments())
    assert chart.names == ("Gauges", "Sensors", "Service")
    assert chart.title == f"{COMPANY}, Revenue, FY2024"
    assert marks(chart) == ["bar", "text"]
    assert describe_chart(chart).endswith("Gauges 250,100,000 USD; Sensors 130,000,000 USD; Service 32,200,000 USD")


def test_total_beside_its_parts_is_no_part() -> None:
    (chart,) = choose([build_fact("Revenue", 412_300_000.0), *build_segments()])
    assert chart.names == ("Gauges", "Sensors", "Service")


def test_companies_are_ranked_and_their_years_told_where_they_differ() -> None:
    facts = [build_fact("Revenue", 3.0), *(in_other_company(build_fact("Revenue", 2.0, 2023), name) for name in "AB")]
    (chart,) = choose(facts)
    assert chart.names == ("VLMR FY2024", "A FY2023", "B FY2023")


def test_what_was_calculated_is_drawn_and_not_what_it_was_calculated_from() -> None:
    margins = [build_margin(year, value) for year, value in ((2022, 0.38), (2023, 0.39), (2024, 0.4))]
    steps = [
        {**margin, "metric": "gross_profit", "name": margin["name"].replace("margin", "sum")} for margin in margins
    ]
    inputs = [fact for margin in margins for fact in margin["inputs"]]
    (chart,) = choose(inputs, margins + steps, ("gross_margin",))
    assert chart.title == f"{COMPANY}, Gross margin"
    layer = draw(chart)
    assert layer["encoding"]["y"]["axis"]["title"] == "%"
    assert [row["label"] for row in layer["data"]["values"]] == ["38.0", "39.0", "40.0"]


def test_average_of_three_years_shows_the_years() -> None:
    average = {**build_margin(), "name": "Average revenue, fiscal 2022 to 2024", "inputs": build_revenues()}
    (chart,) = choose(build_revenues(), [average], ("revenue",))
    assert [point.period for point in chart.points] == ["FY2022", "FY2023", "FY2024"]


@pytest.mark.parametrize(
    "facts",
    [
        [],
        build_revenues()[:2],
        build_segments()[:2],
        build_margin()["inputs"],
        [*build_revenues()[:2], build_revenues()[1]],
        [build_fact(f"Line {position}", 1.0) for position in range(5)],
    ],
    ids=["none", "two years", "two segments", "inputs", "one year twice", "different lines"],
)
def test_nothing_is_drawn_where_there_is_nothing_to_compare(facts: list[Json]) -> None:
    assert choose(facts) == []


def test_quarter_and_year_to_date_under_one_name_are_no_series() -> None:
    quarters = [build_fact("Revenue", 1.0, 2024, fiscal_period=f"Q{n}", period_end=f"2024-0{n}-30") for n in (1, 2, 3)]
    assert len(choose(quarters)) == 1
    assert choose([*quarters, {**quarters[2], "period_start": "2023-07-01", "value": 3.0}]) == []


def test_more_lines_than_can_be_told_apart_are_not_drawn() -> None:
    names = "ABCDEFGHI"
    assert choose([in_other_company(fact, name) for name in names for fact in build_revenues()]) == []
    assert choose([in_other_company(fact, name) for name in names[:-1] for fact in build_revenues()]) != []


def test_company_with_fewer_years_is_in_the_chart_of_the_others() -> None:
    (chart,) = choose([*build_revenues(), *(in_other_company(fact, "OTHR") for fact in build_revenues()[:1])])
    assert set(chart.names) == {"VLMR", "OTHR"}


def test_two_years_of_two_companies_stand_side_by_side() -> None:
    years = build_revenues()[1:]
    (chart,) = choose([*years, *(in_other_company(fact, "OTHR") for fact in years)])
    assert chart.names == ("VLMR FY2023", "VLMR FY2024", "OTHR FY2023", "OTHR FY2024")
    layer = draw(chart)
    assert marks(chart) == ["bar", "text"]
    assert layer["encoding"]["x"]["axis"]["title"] == "USD million"


def test_two_companies_are_bars_only_where_that_is_wished() -> None:
    facts = [build_fact("Revenue", 3.0), in_other_company(build_fact("Revenue", 2.0), "OTHR")]
    row = JsonRow({"facts": facts})
    assert choose(facts) == []
    assert len(choose_charts(read_facts(row, "facts"), (), fewest_bars=2)) == 1


def test_long_name_of_a_bar_is_broken_and_not_cut() -> None:
    name = "Selling, general and administrative expense of the parent"
    parts = [
        build_fact(f"Expense, {each}", 1.0, dimensions={"axis": each}) for each in (name.replace(",", ""), "B", "C")
    ]
    (chart,) = choose(parts)
    rows = draw(chart)["data"]["values"]
    assert rows[0]["broken"].replace("\n", " ") == name.replace(",", "")
    assert max(map(len, rows[0]["broken"].split("\n"))) <= 24


def test_negative_amounts_keep_their_sign_on_the_bars() -> None:
    facts = [build_fact("Cash flow", value, year) for year, value in ((2022, 3.5e9), (2023, 6e9), (2024, -12.08e9))]
    (chart,) = choose(facts)
    layer = draw(chart)
    assert [row["label"] for row in layer["data"]["values"]] == ["3.50", "6.00", "−12.1"]
    assert layer["encoding"]["y"]["axis"]["title"] == "USD billion"
