"""A comparison as a reader makes it, passes it on and takes it away, in a real browser on the sample filings."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe_findings import find_barriers
from tests.e2e.conftest import Screenshot
from tests.sample_index import ground_truth

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("backend")]

OpenChat = Callable[..., Page]
TICKERS = ("ORQN", "HBLW")
TAGS = {
    "Revenue": "us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax",
    "Net income": "us-gaap:NetIncomeLoss",
}


def true_values(ticker: str, label: str) -> dict[int, Decimal]:
    """Return a metric by fiscal year, as the model behind the sample filings has it."""
    return {
        filing["fiscal_year"]: Decimal(filing["values"][TAGS[label]]["value"])
        for filing in ground_truth()
        if filing["ticker"] == ticker
    }


def choose(page: Page, label: str, *options: str) -> None:
    """Choose the options of a list, by the end of their names, instead of those that are chosen."""
    box = page.locator(f".st-key-compare-{label}")
    box.get_by_role("button", name="Clear all").click()
    expect(box.get_by_role("button", name="Remove")).to_have_count(0)
    for count, option in enumerate(options, start=1):
        box.locator("input").fill(option)
        page.get_by_role("option", name=re.compile(rf"(^|· ){option}$")).click()
        expect(box.locator("button[aria-label^=Remove]")).to_have_count(count)
        # The list closes, and is left: it would take the next click for itself.
        page.locator("h1").click(force=True)
        expect(page.locator("[role=listbox]")).to_have_count(0)


def choose_two_and_two(page: Page) -> None:
    choose(page, "companies", *TICKERS)
    choose(page, "metrics", *TAGS)
    for metric in ("revenue", "net_income"):
        expect(page.locator(f".st-key-compared-{metric} table tbody tr")).to_have_count(len(TICKERS))


def read_table(page: Page, metric: str) -> list[list[str]]:
    rows = page.locator(f".st-key-compared-{metric} table tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def true_table(label: str, thousands: int) -> list[list[str]]:
    """Return the table that a metric must have, in the unit that loses nothing."""
    values = {ticker: true_values(ticker, label) for ticker in TICKERS}
    years = sorted({year for each in values.values() for year in each})
    return [
        ["", *(f"FY{year}" for year in years)],
        *(
            [ticker, *(f"{each[year] / thousands:,f}".replace("-", "−") for year in years)]
            for ticker, each in values.items()
        ),
    ]


def scrolls_sideways(page: Page) -> bool:
    """Whether the page itself does, which is a box inside the window."""
    return bool(
        page.evaluate(
            "[...document.querySelectorAll('main, [class*=stMain], [data-testid=stMain]')]"
            ".some(box => box.scrollWidth > box.clientWidth)"
        )
    )


def test_two_companies_and_two_metrics_are_compared_and_passed_on(
    open_chat: OpenChat, console_errors: list[str], screenshot: Screenshot
) -> None:
    page = open_chat()
    page.get_by_role("link", name="Compare").click()
    choose_two_and_two(page)
    for metric, label in (("revenue", "Revenue"), ("net_income", "Net income")):
        assert read_table(page, metric) == true_table(label, 1000)
        expect(page.locator(f".st-key-compared-{metric}").get_by_role("heading")).to_have_text(
            f"{label} (USD thousand)"
        )
        chart = page.locator(f".st-key-chart-compare-{metric}-1")
        expect(chart.locator("canvas, svg.marks").first).to_be_visible()
    screenshot(page, "compare-two")
    address = parse_qs(urlsplit(page.url).query)
    assert address["companies"] == [",".join(TICKERS)]
    assert address["metrics"] == ["revenue,net_income"]
    assert console_errors == []

    other = open_chat()
    other.goto(page.url)
    expect(other.locator(".st-key-compared-net_income table")).to_be_visible()
    for metric in ("revenue", "net_income"):
        assert read_table(other, metric) == read_table(page, metric)
    assert other.url == page.url


def test_file_holds_the_numbers_of_the_filings(open_chat: OpenChat) -> None:
    page = open_chat()
    page.get_by_role("link", name="Compare").click()
    choose_two_and_two(page)
    with page.expect_download() as started:
        page.locator(".st-key-csv-compared button").click()
    with started.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["metric"], row["ticker"]) for row in rows] == [(label, each) for label in TAGS for each in TICKERS]
    for row in rows:
        told = {int(name[2:]): Decimal(value) for name, value in row.items() if name.startswith("FY")}
        assert told == true_values(row["ticker"], row["metric"])


def test_choice_outlives_a_look_at_another_page_and_the_way_back(open_chat: OpenChat) -> None:
    page = open_chat()
    page.get_by_role("link", name="Compare").click()
    choose(page, "metrics", "Net income")
    expect(page.locator(".st-key-compared-net_income table")).to_be_visible()
    page.get_by_role("link", name="Chat").click()
    expect(page.locator("[class*='st-key-example-'] button").first).to_be_visible()
    page.get_by_role("link", name="Compare").click()
    expect(page.locator(".st-key-compared-net_income table")).to_be_visible()
    page.wait_for_url("**metrics=net_income**")
    years = page.locator(".st-key-compare-years").get_by_role("button", name="Remove")
    expect(years).to_have_count(3)
    page.locator(".st-key-compare-latest button").click()
    expect(years).to_have_count(5)
    page.wait_for_url("**years=2020**")
    page.wait_for_timeout(2500)  # a browser that is late is not one that goes back
    page.go_back()
    expect(years).to_have_count(3)
    expect(page.locator(".st-key-compared-net_income table")).to_be_visible()


def test_address_with_what_is_not_covered_is_no_error(open_chat: OpenChat) -> None:
    page = open_chat()
    page.goto(f"{page.url.rstrip('/')}/compare?companies=NOPE,ORQN&metrics=nonsense&years=1066,2024&growth=1")
    expect(page.locator(".st-key-compared-revenue tbody tr")).to_have_count(1)
    before, now = (true_values("ORQN", "Revenue")[year] for year in (2023, 2024))
    growth = f"{(now / before - 1) * 100:+.2f}"
    expect(page.locator(".st-key-compared-revenue table")).to_contain_text(growth.replace("-", "−"))
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_many_years_fit_a_narrow_window(open_chat: OpenChat, screenshot: Screenshot, dark: bool) -> None:
    page = open_chat(width=400, height=900, dark=dark)
    page.goto(f"{page.url.rstrip('/')}/compare?companies=ORQN,HBLW&metrics=revenue,gross_margin&growth=1")
    page.locator(".st-key-compare-latest button").click()
    expect(page.locator(".st-key-compared-gross_margin table")).to_be_visible()
    page.locator(".st-key-exact-compare summary").click()
    expect(page.locator(".st-key-exact-compare table").first).to_be_visible()
    assert not scrolls_sideways(page)
    assert find_barriers(page) == []
    page.locator(".st-key-compared-revenue").scroll_into_view_if_needed()
    screenshot(page, f"compare-narrow-{'dark' if dark else 'light'}")
