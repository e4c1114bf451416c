"""The compare page on the stub back end, and its table."""

from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from serving.frontend.compare.choices import Choice, Offer
from serving.frontend.compare.compare_table import tabulate_metric
from serving.frontend.contract.catalog import Catalog
from serving.frontend.contract.figures import Figures
from tests.ui.stub_backend import COMPANY, Reply, StubBackend, build_catalog
from tests.ui.stub_numbers import Json, build_fact, build_margin, build_revenues, build_segments


def draw_page() -> None:
    """Draw the page alone; AppTest cannot follow a link to a page that is a function."""
    import os

    from serving.frontend.api_client import BackendClient
    from serving.frontend.compare.page import draw_compare

    client = BackendClient(os.environ["BACKEND_URL"])
    draw_compare(client, client.fetch_catalog())


@pytest.fixture
def page(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("BACKEND_URL", stub.url)
    return run(AppTest.from_function(draw_page, default_timeout=20))


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception
    return page


def read_address(page: AppTest, name: str) -> str:
    """Return the one value that the address of the page has under a name."""
    value = page.query_params[name]
    return value if isinstance(value, str) else value[0]


def read(facts: list[Json], calculations: list[Json] | None = None) -> Figures:
    return Figures.from_json({"facts": facts, "calculations": calculations or [], "missing": []})


def test_page_opens_on_the_latest_years_of_the_first_metric(page: AppTest, stub: StubBackend) -> None:
    assert stub.lookups == [{"tickers": ["VLMR"], "metrics": ["revenue"], "fiscal_years": ["2022,2023,2024"]}]
    assert [heading.value for heading in page.subheader] == ["Revenue (USD thousand)"]
    assert "| VLMR | 371,204 | 389,750 | 412,300 |" in page.markdown[0].value
    assert len(page.get("vega_lite_chart")) == 1
    assert f"{COMPANY}: No such year." in page.info[0].value
    assert page.download_button(key="csv-compare")


def test_chosen_metrics_are_looked_up_together(page: AppTest, stub: StubBackend) -> None:
    page.multiselect(key="compare-metrics").set_value(["revenue", "gross_margin"])
    run(page)
    assert stub.lookups[-1]["metrics"] == ["revenue,gross_margin"]
    assert [heading.value for heading in page.subheader] == ["Revenue (USD thousand)", "Gross margin"]
    assert "| VLMR | – | – | 39.10\u00a0% |" in page.markdown[1].value


def test_nothing_is_looked_up_before_everything_is_chosen(page: AppTest, stub: StubBackend) -> None:
    page.multiselect(key="compare-years").set_value([])
    run(page)
    assert len(stub.lookups) == 1
    assert "Choose at least one" in page.caption[0].value
    assert not page.download_button


def test_refusal_is_shown_in_words(page: AppTest, stub: StubBackend) -> None:
    stub.replies["/facts"] = Reply(429, {"detail": "Four questions are being answered already."})
    run(page)
    assert "Four questions are being answered already." in page.error[0].value


def test_index_without_companies_is_said_to_be_empty(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", stub.url)
    stub.replies["/catalog"] = Reply(200, {**build_catalog(), "companies": [], "metrics": []})
    page = run(AppTest.from_function(draw_page, default_timeout=20))
    assert "no company" in page.info[0].value
    assert not page.multiselect


def tabulate(facts: list[Json], calculations: list[Json] | None = None, metric: str = "revenue") -> str:
    table = tabulate_metric(read(facts, calculations), metric, "Label", [2024, 2023])
    return table.write_markdown() if table else ""


def test_parts_and_inputs_are_not_the_metric() -> None:
    figures = read([*build_segments(), *build_margin()["inputs"]], [build_margin()])
    revenue = tabulate_metric(figures, "revenue", "Revenue", [2024])
    assert revenue is not None
    assert [fact.value for fact in revenue.facts] == [Decimal("412300000")]
    margin = tabulate_metric(figures, "gross_margin", "Gross margin", [2024])
    assert margin is not None
    assert margin.facts == ()
    assert tabulate_metric(figures, "ebitda", "EBITDA", [2024]) is None
    assert tabulate_metric(figures, "revenue", "Revenue", [2019]) is None


@pytest.mark.parametrize(
    ("display", "unit", "value", "shown"),
    [
        ("percent", "pure", -0.116_76, "−11.68\u00a0%"),
        ("points", "pure", 0.011, "1.10\u00a0points"),
        ("times", "pure", 0.0333, "0.03"),
        ("money", "USD", 97_531_002.0, "97,531,002"),
        ("money", "USD", 97_531_000.0, "97,531"),
        ("money", "USD", 622_381_333.333_333_4, "622,381,333.33"),
    ],
)
def test_calculated_number_is_rounded_to_what_can_be_read(display: str, unit: str, value: float, shown: str) -> None:
    calculation = {**build_margin(), "display": display, "unit": unit, "value": value}
    assert f"| VLMR | – | {shown} |" in tabulate([], [calculation], "gross_margin")


def test_tagged_number_keeps_its_digits_and_its_company_is_inert() -> None:
    facts = [build_fact("Diluted EPS", 1.125, ticker="A|B", unit="USD/shares"), *build_revenues()[1:2]]
    assert r"| A\|B | – | 1.125 |" in tabulate(facts)
    table = tabulate_metric(read(facts), "revenue", "Revenue", [2023, 2024])
    assert table is not None
    assert table.title == "Revenue (USD/shares, USD)"


@pytest.mark.parametrize(
    ("value", "title", "shown"),
    [
        (412_000_000.0, "Revenue (USD million)", "412"),
        (412_300_000.0, "Revenue (USD thousand)", "412,300"),
        (412_300_001.0, "Revenue (USD)", "412,300,001"),
        (0.0, "Revenue (USD)", "0"),
    ],
)
def test_amounts_are_in_the_largest_magnitude_that_cuts_nothing_off(value: float, title: str, shown: str) -> None:
    table = tabulate_metric(read([build_fact("Revenue", value)]), "revenue", "Revenue", [2024])
    assert table is not None
    assert table.title == title
    assert f"| VLMR | {shown} |" in table.write_markdown()


def test_growth_is_against_the_year_before_whether_shown_or_not() -> None:
    earlier, shown = read(build_revenues()[:1]), read(build_revenues()[1:])
    table = tabulate_metric(shown, "revenue", "Revenue", [2023, 2024], earlier)
    assert table is not None
    # 389.75 / 371.204 - 1 = 4.996 %, 412.3 / 389.75 - 1 = 5.786 %
    assert "| VLMR | 389,750\u00a0(+5.00\u00a0%) | 412,300\u00a0(+5.79\u00a0%) |" in table.write_markdown()
    assert table.write_rows() == [
        {
            "metric": "Revenue",
            "company": COMPANY,
            "ticker": "VLMR",
            "unit": "USD",
            "FY2023": "389750000",
            "FY2023 against the year before": "+5.00 %",
            "FY2024": "412300000",
            "FY2024 against the year before": "+5.79 %",
        }
    ]


def test_growth_against_a_year_that_is_not_known_is_not_told() -> None:
    table = tabulate_metric(read(build_revenues()[2:]), "revenue", "Revenue", [2024], read([]))
    assert table is not None
    assert "| VLMR | 412,300 |" in table.write_markdown()


def test_wide_table_is_known_to_be_wide() -> None:
    narrow = tabulate_metric(read(build_revenues()), "revenue", "Revenue", [2024])
    wide = tabulate_metric(read(build_revenues()), "revenue", "Revenue", range(2015, 2025))
    assert narrow is not None
    assert wide is not None
    assert narrow.width_px < 368 < wide.width_px


def build_offer(companies: int = 1) -> Offer:
    catalog = build_catalog()
    first = catalog["companies"][0]
    catalog["companies"] = [first, *({**first, "tickers": [f"T{n}", f"T{n}-B"]} for n in range(1, companies))]
    return Offer.from_catalog(Catalog.from_json(catalog))


def test_years_before_the_first_report_can_be_chosen_as_it_prints_them() -> None:
    offer = build_offer()
    assert offer.years == (2024, 2023, 2022, 2021, 2020)
    assert offer.list_latest_years(["VLMR"], 2) == (2023, 2024)


def test_address_of_a_choice_leads_back_to_it() -> None:
    offer = build_offer(4)
    choice = Choice(("T2", "VLMR"), ("gross_margin", "revenue"), (2021, 2024), shows_growth=True)
    address = offer.write_address(choice)
    assert address == {"companies": "T2,VLMR", "metrics": "gross_margin,revenue", "years": "2021,2024", "growth": "1"}
    assert offer.read_address(address) == choice
    emptied = Choice((), ("revenue",), (2024,))
    assert offer.read_address(offer.write_address(emptied)) == emptied


def test_first_choice_needs_no_address() -> None:
    offer = build_offer(5)
    assert offer.first_choice == Choice(("VLMR", "T1", "T2"), ("revenue",), (2022, 2023, 2024))
    assert offer.write_address(offer.first_choice) == {}
    assert offer.read_address({}) == offer.first_choice


@pytest.mark.parametrize(
    ("address", "choice"),
    [
        ({"companies": "nope,t1-b, T1 ,VLMR"}, Choice(("T1", "VLMR"), ("revenue",), (2022, 2023, 2024))),
        ({"companies": "<b>", "metrics": "nope", "years": "1066,next"}, None),
        ({"years": "2024,2020,2024"}, Choice(("VLMR", "T1", "T2"), ("revenue",), (2020, 2024))),
        ({"growth": "maybe"}, None),
    ],
)
def test_address_may_name_what_is_not_covered(address: dict[str, str], choice: Choice | None) -> None:
    offer = build_offer(4)
    assert offer.read_address(address) == (choice or offer.first_choice)


def test_address_names_no_more_than_can_be_compared() -> None:
    offer = build_offer(20)
    assert len(offer.read_address({"companies": ",".join(offer.companies)}).tickers) == 8


def test_page_opens_on_what_its_address_names(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", stub.url)
    page = AppTest.from_function(draw_page, default_timeout=20)
    page.query_params.update({"companies": "vlmr,gone", "metrics": "gross_margin", "years": "2024", "other": "kept"})
    run(page)
    assert stub.lookups == [{"tickers": ["VLMR"], "metrics": ["gross_margin"], "fiscal_years": ["2024"]}]
    assert read_address(page, "companies") == "VLMR"
    assert read_address(page, "other") == "kept"


def test_choices_are_written_into_the_address(page: AppTest) -> None:
    assert dict(page.query_params) == {}
    page.multiselect(key="compare-metrics").set_value(["gross_margin", "revenue"])
    run(page)
    assert read_address(page, "metrics") == "gross_margin,revenue"
    page.multiselect(key="compare-metrics").set_value(["revenue"])
    run(page)
    assert dict(page.query_params) == {}


def test_going_back_in_the_browser_brings_back_the_choice(page: AppTest) -> None:
    page.multiselect(key="compare-metrics").set_value(["gross_margin"])
    run(page)
    page.query_params.clear()
    run(page)
    assert page.multiselect(key="compare-metrics").value == ["gross_margin"], "the browser was only late"
    page.query_params.clear()
    page.session_state["compared-at"] -= 60
    run(page)
    assert page.multiselect(key="compare-metrics").value == ["revenue"]


def test_last_five_years_are_picked_at_once(page: AppTest, stub: StubBackend) -> None:
    page.button(key="compare-latest").click()
    run(page)
    assert page.multiselect(key="compare-years").value == [2020, 2021, 2022, 2023, 2024]
    assert stub.lookups[-1]["fiscal_years"] == ["2020,2021,2022,2023,2024"]


def test_growth_is_shown_when_wished(page: AppTest, stub: StubBackend) -> None:
    page.multiselect(key="compare-years").set_value([2024])
    run(page)
    page.toggle(key="compare-growth").set_value(True)
    run(page)
    assert [lookup["fiscal_years"] for lookup in stub.lookups[-2:]] == [["2024"], ["2023"]]
    assert "| VLMR | 412,300\u00a0(+5.79\u00a0%) |" in page.markdown[0].value


def test_metric_that_is_not_found_is_told_and_offers_no_file(page: AppTest) -> None:
    page.multiselect(key="compare-metrics").set_value(["operating_income"])
    run(page)
    assert "Not found: Operating income." in page.info[0].value
    assert not page.download_button
    page.multiselect(key="compare-metrics").set_value(["operating_income", "revenue"])
    run(page)
    assert "Not found: Operating income." in page.info[0].value
    assert page.download_button(key="csv-compared")
