"""The compare page on the stub back end, and its table."""

from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from serving.frontend.compare.compare_table import build_metric_table, select_metric
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


def read(facts: list[Json], calculations: list[Json] | None = None) -> Figures:
    return Figures.from_json({"facts": facts, "calculations": calculations or [], "missing": []})


def test_page_opens_on_the_latest_years_of_the_first_metric(page: AppTest, stub: StubBackend) -> None:
    assert stub.lookups == [{"tickers": ["VLMR"], "metrics": ["revenue"], "fiscal_years": ["2022,2023,2024"]}]
    assert [heading.value for heading in page.subheader] == ["Revenue (USD)"]
    assert "| VLMR | 371,204,000 | 389,750,000 | 412,300,000 |" in page.markdown[0].value
    assert len(page.get("vega_lite_chart")) == 1
    assert f"{COMPANY}: No such year." in page.info[0].value
    assert page.download_button(key="csv-compare")


def test_chosen_metrics_are_looked_up_together(page: AppTest, stub: StubBackend) -> None:
    page.multiselect(key="compare-metrics").set_value(["revenue", "gross_margin"])
    run(page)
    assert stub.lookups[-1]["metrics"] == ["revenue,gross_margin"]
    assert [heading.value for heading in page.subheader] == ["Revenue (USD)", "Gross margin"]
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


def test_parts_and_inputs_are_not_the_metric() -> None:
    figures = read([*build_segments(), *build_margin()["inputs"]], [build_margin()])
    assert [fact.value for fact in select_metric(figures, "revenue").facts] == [Decimal("412300000")]
    assert select_metric(figures, "gross_margin").facts == ()
    assert build_metric_table(select_metric(figures, "ebitda"), [2024]) == ""


@pytest.mark.parametrize(
    ("display", "unit", "value", "shown"),
    [
        ("percent", "pure", -0.116_76, "-11.68\u00a0%"),
        ("points", "pure", 0.011, "1.10\u00a0points"),
        ("times", "pure", 0.0333, "0.03"),
        ("money", "USD", 97_531_000.0, "97,531,000"),
        ("money", "USD", 622_381_333.333_333_4, "622,381,333.33"),
    ],
)
def test_calculated_number_is_rounded_to_what_can_be_read(display: str, unit: str, value: float, shown: str) -> None:
    figures = read([], [{**build_margin(), "display": display, "unit": unit, "value": value}])
    assert f"| VLMR | {shown} |" in build_metric_table(select_metric(figures, "gross_margin"), [2024])


def test_tagged_number_keeps_its_digits_and_its_company_is_inert() -> None:
    figures = read([build_fact("Diluted EPS", 1.125, ticker="A|B", unit="USD/shares"), *build_revenues()[:1]])
    found = select_metric(figures, "revenue")
    assert found.units == ("USD/shares", "USD")
    assert r"| A\|B | 1.125 |" in build_metric_table(found, [2024])
