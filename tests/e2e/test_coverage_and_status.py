"""What is indexed and how the back end fares, as a reader sees it in a real browser on the sample filings."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Screenshot
from tests.e2e.test_chat import EMPLOYEES, ask
from tests.sample_index import ground_truth

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("backend")]

OpenChat = Callable[..., Page]
LOOKS = [
    pytest.param("light", {}, id="light"),
    pytest.param("dark", {"dark": True}, id="dark"),
    pytest.param("narrow", {"width": 400, "height": 800}, id="narrow"),
]


def follow(page: Page, name: str) -> None:
    """Follow a link of the sidebar, which a narrow window shows on request, over the page."""
    pages = page.get_by_test_id("stSidebarNav")
    expect(pages).to_be_attached()
    opener = page.get_by_test_id("stExpandSidebarButton")
    is_folded = opener.is_visible()
    if is_folded:
        opener.click()
    pages.get_by_role("link", name=name).click()
    if is_folded:
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def fits(page: Page) -> bool:
    """Whether nothing is wider than the window, except what scrolls sideways by itself."""
    return bool(
        page.evaluate(
            "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
            ".every(box => box.scrollWidth <= box.clientWidth)"
        )
    )


@pytest.mark.parametrize(("name", "options"), LOOKS)
def test_grid_shows_every_sample_filing(
    open_chat: OpenChat, console_errors: list[str], screenshot: Screenshot, name: str, options: dict[str, object]
) -> None:
    page = open_chat(**options)
    follow(page, "Coverage")
    rows = page.locator(".st-key-coverage-grid tbody tr")
    expect(rows).to_have_count(3)
    expect(page.locator(".st-key-coverage-grid thead")).to_contain_text("FY2024")
    for company, ticker in {(filing["company"], filing["ticker"]) for filing in ground_truth()}:
        row = rows.filter(has_text=company)
        expect(row).to_contain_text(ticker)
        assert row.inner_text().replace("\u2060", "").count("10-K") == 3
    expect(page.locator(".stMain")).to_contain_text("do not exist")
    assert fits(page)
    screenshot(page, f"coverage-{name}")
    assert console_errors == []


@pytest.mark.parametrize(("name", "options"), LOOKS)
def test_filings_of_a_chosen_company_open_with_what_was_read(
    open_chat: OpenChat, screenshot: Screenshot, name: str, options: dict[str, object]
) -> None:
    filing = next(each for each in ground_truth() if each["ticker"] == "ORQN" and each["fiscal_year"] == 2024)
    page = open_chat(**options)
    follow(page, "Coverage")
    expect(page.get_by_text("Add filings")).to_be_visible()
    # What is typed while the page is still being drawn may be lost.
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    choice = page.get_by_role("combobox", name="Company")
    choice.press_sequentially("Orq")
    expect(page.get_by_role("option")).to_have_count(1)
    choice.press("Enter")
    fold = page.locator("[class*='st-key-coverage-filing-']").filter(has_text="10-K FY2024")
    fold.locator("summary").click()
    expect(fold).to_contain_text(f"Period end: {filing['period_end']}")
    expect(fold).to_contain_text("Items missing: none")
    assert fits(page)
    screenshot(page, f"coverage-filing-{name}")


def test_csv_holds_every_sample_filing(open_chat: OpenChat) -> None:
    page = open_chat()
    follow(page, "Coverage")
    with page.expect_download() as started:
        page.locator(".st-key-coverage-csv button").click()
    with started.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["company"], row["ticker"], row["fiscal_year"], row["period_end"], row["gap"]) for row in rows} == {
        (each["company"], each["ticker"], str(each["fiscal_year"]), each["period_end"], "") for each in ground_truth()
    }


def test_sidebar_leads_from_the_chat_to_the_grid(open_chat: OpenChat, console_errors: list[str]) -> None:
    page = open_chat()
    page.get_by_role("link", name="Covered: 3 companies").click()
    expect(page.locator(".st-key-coverage-grid table")).to_be_visible()
    assert page.url.endswith("/coverage")
    assert console_errors == []


@pytest.mark.parametrize(("name", "options"), LOOKS)
def test_status_counts_the_question_that_was_asked(
    open_chat: OpenChat, console_errors: list[str], screenshot: Screenshot, name: str, options: dict[str, object]
) -> None:
    page = open_chat(**options)
    ask(page, EMPLOYEES)
    expect(page.locator(".st-key-answer-1")).to_contain_text("2,475 employees")
    follow(page, "Status")
    expect(page.locator(".st-key-status-process")).to_contain_text("MiB")
    expect(page.locator(".st-key-status-index")).to_contain_text("9")
    times = page.locator(".st-key-status-usage")
    expect(times).to_contain_text("no limit")
    assert any(unit in times.inner_text() for unit in (" ms", " s"))
    asked = page.get_by_role("row").filter(has_text="Questions").get_by_role("cell")
    before = int(asked.nth(1).inner_text())
    assert before >= 1
    assert fits(page)
    screenshot(page, f"status-{name}")

    page.locator(".st-key-status-refresh button").click()
    expect(asked.nth(1)).to_have_text(str(before))
    assert console_errors == []
