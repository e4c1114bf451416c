"""Exact numbers as a reader has them: headline, trace, chart, file, and the compare page, in a real browser."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Screenshot
from tests.e2e.test_chat import ask
from tests.sample_index import ground_truth

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("backend")]

OpenChat = Callable[..., Page]
REVENUE = "us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax"


def download(page: Page, button: Locator) -> list[dict[str, str]]:
    """Return the rows of the file behind a download button."""
    with page.expect_download() as started:
        button.click()
    with started.value.path().open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def true_revenues(ticker: str) -> dict[str, Decimal]:
    """Return revenue by fiscal year, as the sample filings' model has it."""
    return {
        str(filing["fiscal_year"]): Decimal(filing["values"][REVENUE]["value"])
        for filing in ground_truth()
        if filing["ticker"] == ticker
    }


def test_calculated_number_leads_and_its_inputs_open_where_they_are_printed(
    open_chat: OpenChat, console_errors: list[str], screenshot: Screenshot
) -> None:
    page = open_chat()
    ask(page, "Orquenna gross margin 2024")
    answer = page.locator(".st-key-answer-1")
    expect(answer.get_by_test_id("stMetricValue")).to_have_text("53.9 %")
    expect(answer).to_contain_text("Gross margin, fiscal 2024: about 53.90 %")
    expect(answer).to_contain_text("349,982 ÷ 649,317")
    expect(page.locator("[class*='st-key-chart-']")).to_have_count(0)
    screenshot(page, "number-light")

    page.locator(".st-key-exact-1 summary").click()
    expect(page.locator(".st-key-exact-1")).to_contain_text("0.539000210990933")
    expect(page.locator(".st-key-exact-1")).to_contain_text(REVENUE)

    page.locator(".st-key-cite-1-1 button").click()
    expect(page.get_by_role("dialog").locator("mark")).to_have_text(["649,317", "349,982"])
    assert console_errors == []


def test_downloaded_file_holds_the_numbers_of_the_filings(open_chat: OpenChat) -> None:
    page = open_chat()
    ask(page, "Orquenna gross margin 2024")
    rows = download(page, page.locator(".st-key-csv-1 button"))
    assert [row["kind"] for row in rows] == ["calculation", "fact", "fact"]
    assert {row["fiscal_year"]: Decimal(row["value"]) for row in rows if row["concept"] == REVENUE} == {
        "2024": true_revenues("ORQN")["2024"]
    }
    expect(page.locator(".st-key-answer-1")).to_be_visible()


@pytest.mark.parametrize(("name", "width"), [("wide", 1280), ("narrow", 400)])
def test_series_is_charted_within_the_window(
    open_chat: OpenChat, console_errors: list[str], screenshot: Screenshot, name: str, width: int
) -> None:
    page = open_chat(width=width, height=900)
    ask(page, "Orquenna revenue over the last three years")
    chart = page.locator(".st-key-chart-1-1 canvas, .st-key-chart-1-1 svg.marks").first
    expect(chart).to_be_visible()
    expect(page.locator(".st-key-understood-1")).to_contain_text("Understood as")
    box = chart.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    screenshot(page, f"series-{name}")
    assert console_errors == []


def test_companies_are_compared_on_their_own_page(
    open_chat: OpenChat, console_errors: list[str], screenshot: Screenshot
) -> None:
    page = open_chat()
    page.get_by_role("link", name="Compare").click()
    table = page.locator(".st-key-compared-revenue table")
    expect(table).to_be_visible()
    for value in true_revenues("ORQN").values():
        expect(table).to_contain_text(f"{value / 1000:,f}")
    expect(
        page.locator(".st-key-chart-compare-revenue-1 canvas, .st-key-chart-compare-revenue-1 svg").first
    ).to_be_visible()
    screenshot(page, "compare-light")

    rows = download(page, page.locator(".st-key-csv-compare button"))
    found = {row["fiscal_year"]: Decimal(row["value"]) for row in rows if row["ticker"] == "ORQN"}
    assert found == true_revenues("ORQN")
    page.get_by_role("link", name="Chat").click()
    expect(page.locator("[class*='st-key-example-'] button").first).to_be_visible()
    assert console_errors == []
