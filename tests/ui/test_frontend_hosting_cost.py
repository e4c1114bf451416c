"""What the status page draws and says of the cost of hosting."""

import json
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from serving.frontend.status.hosting_chart import build_hosting_spec, describe_hosting_chart
from serving.frontend.status.hosting_cost import (
    PriceCatalogue,
    cost_of_month,
    describe_prices,
    describe_uptime_cost,
    read_catalogues,
)
from tests.ui.stub_backend import StubBackend
from tests.ui.test_frontend_status_page import draw_page, read_words, run

PRICES = (
    PriceCatalogue("listed", "2026-11-26", "S2 + S1", Decimal(50) / 730, Decimal(50), Decimal("0.2"), "10"),
    PriceCatalogue("planned", "2025-10-01", "A + B", Decimal(25) / 730, Decimal(25), Decimal("0.2"), "10"),
)


def draw() -> dict[str, Any]:
    """Return the one layer of the chart's specification, as JSON gives it."""
    spec = json.loads(json.dumps(build_hosting_spec(PRICES)))
    assert "data" not in spec, "Streamlit would load pandas"
    (layer,) = spec["layer"]
    assert isinstance(layer, dict)
    return layer


def test_file_of_prices_has_the_month_and_its_hour() -> None:
    catalogues = read_catalogues()
    assert [each.name for each in catalogues] == ["listed-2026", "notes-2025"]
    for each in catalogues:
        assert abs(each.usd_per_hour * 730 - each.usd_per_month) < Decimal("1e-20")


@pytest.mark.parametrize(("hours", "usd"), [(0, "0.00"), (8, "16.67"), (12, "25.00"), (24, "50.00")])
def test_month_costs_its_share_of_the_day(hours: int, usd: str) -> None:
    assert cost_of_month(PRICES[0], hours) == Decimal(usd)


def test_chart_has_a_line_for_each_list_from_nothing_to_its_month() -> None:
    layer = draw()
    values = layer["data"]["values"]
    assert [mark["mark"]["type"] for mark in layer["layer"]] == ["line", "point", "text"]
    for name, month in (("listed (S2 + S1)", 50), ("planned (A + B)", 25)):
        line = {row["hours"]: row["usd"] for row in values if row["name"] == name}
        assert (line[0], line[12], line[24]) == (0, month / 2, month)
    assert layer["encoding"]["y"]["scale"]["domain"][0] == 0


def test_always_on_is_marked_on_each_line_and_nowhere_else() -> None:
    labels = [row["label"] for row in draw()["data"]["values"] if row["label"]]
    assert labels == ["always on $50.00", "always on $25.00"]


def test_lines_differ_in_more_than_colour() -> None:
    points = draw()["layer"][1]["encoding"]
    assert points["shape"]["field"] == points["color"]["field"] == "name"


def test_chart_is_told_in_words() -> None:
    words = describe_hosting_chart(PRICES)
    assert "listed: 4 h a day $8.33, 8 h a day $16.67" in words
    assert "planned: 4 h a day $4.17" in words
    assert words.endswith("always on $25.00")


def test_caption_tells_whose_prices_and_what_they_leave_out() -> None:
    words = describe_prices(PRICES)
    for expected in (
        "before tax",
        "listed (S2 + S1) of 2026-11-26",
        "Suspended costs nothing",
        r"10 minutes costs \$0.20",
    ):
        assert expected in words.replace(r"\(", "(").replace(r"\)", ")").replace(r"\+", "+").replace(r"\-", "-")


@pytest.mark.parametrize(
    ("uptime_s", "words"),
    [
        (
            7_500,
            r"2 h 5 min ago, both applications together come to about \$0.1427 at listed, about \$0.0713 at planned",
        ),
        (2_628_000, r"about \$50.00 at listed"),
        (1, r"under \$0.0001 at listed"),
    ],
)
def test_uptime_is_told_in_dollars(uptime_s: float, words: str) -> None:
    assert words in describe_uptime_cost(PRICES, uptime_s)


def test_page_draws_the_chart_and_what_the_uptime_comes_to(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", stub.url)
    page = run(AppTest.from_function(draw_page, default_timeout=20))
    assert len(page.get("vega_lite_chart")) == 1
    words = read_words(page)
    assert "Since this back end started 5 s ago" in words
    assert "Suspended costs nothing" in words


def test_page_draws_the_chart_without_a_back_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", "http://127.0.0.1:9")
    page = run(AppTest.from_function(draw_page, default_timeout=20))
    assert len(page.get("vega_lite_chart")) == 1
    assert "Since this back end started" not in read_words(page)
