"""The chat as a reader has it: a real browser, front end and back end on the sample filings."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Screenshot
from tests.local_processes import serve_backend
from tests.sample_index import ground_truth

pytestmark = pytest.mark.browser

EMPLOYEES = "How many employees does Orquenna have in fiscal 2024?"
SENTENCE = "We had 2,475 employees at December 31, 2024, compared with 2,390 a year earlier."
INPUT = "textarea[data-testid='stChatInputTextArea']"

OpenChat = Callable[..., Page]


def ask(page: Page, question: str) -> None:
    box = page.locator(INPUT)
    expect(box).to_be_enabled()
    box.fill(question)
    box.press("Enter")


@pytest.mark.usefixtures("backend")
def test_cited_answer_opens_on_the_sentence_it_rests_on(
    open_chat: OpenChat, console_errors: list[str], screenshot: Screenshot
) -> None:
    page = open_chat()
    ask(page, EMPLOYEES)
    expect(page.locator(".st-key-answer-1")).to_contain_text("2,475 employees")
    screenshot(page, "answered-light")

    page.locator(".st-key-cite-1-1 button").click()

    source = page.get_by_role("dialog")
    expect(source).to_contain_text("Orquenna Instruments, Inc. (fictional)")
    expect(source).to_contain_text("Item 1. Business")
    expect(source.locator("mark").first).to_have_text(SENTENCE)
    expect(source.get_by_text("Employees", exact=True)).to_have_count(1)
    screenshot(page, "source-light")
    page.keyboard.press("Escape")
    expect(source).to_be_hidden()
    expect(page.locator(".st-key-answer-1")).to_be_visible()
    assert console_errors == []


@pytest.mark.usefixtures("backend")
def test_sidebar_counts_what_is_covered_and_says_that_it_is_made_up(
    open_chat: OpenChat, console_errors: list[str], screenshot: Screenshot
) -> None:
    page = open_chat()
    coverage = page.locator(".st-key-coverage")
    companies = {filing["company"] for filing in ground_truth()}
    expect(coverage).to_contain_text(f"Covered: {len(companies)} companies")
    expect(coverage).to_contain_text("do not exist")
    expect(page.locator("[data-testid='stSidebar']")).to_contain_text(f"{len(ground_truth())} filings")
    screenshot(page, "welcome-light")
    assert console_errors == []


@pytest.mark.usefixtures("backend")
def test_uncovered_company_is_not_answered_and_says_what_is_covered(
    open_chat: OpenChat, screenshot: Screenshot
) -> None:
    page = open_chat()
    ask(page, "What was Apple's revenue in fiscal 2023?")
    abstained = page.locator(".st-key-abstained-1")
    expect(abstained).to_contain_text("Apple is not among the companies covered")
    expect(abstained).to_contain_text("Orquenna Instruments, Inc. (fictional)")
    expect(page.locator(".st-key-answer-1")).to_have_count(0)
    turn = page.locator(".st-key-turn-1")
    assert turn.inner_text().count("Orquenna Instruments, Inc.") == 1, "the coverage is said twice"
    assert turn.inner_text().count("Apple is not among") == 1, "the obstacle is said twice"
    expect(turn).not_to_contain_text("any company")
    screenshot(page, "abstained-light")


@pytest.mark.usefixtures("backend")
def test_each_example_question_is_answered_after_one_click(open_chat: OpenChat) -> None:
    page = open_chat()
    examples = page.locator("[class*='st-key-example-'] button")
    expect(examples.nth(2)).to_be_visible()
    for position in range(examples.count()):
        question = examples.nth(position).inner_text()
        examples.nth(position).click()
        expect(page.locator(".st-key-turn-1")).to_contain_text(question)
        expect(page.locator(".st-key-answer-1")).to_contain_text("[1]")
        page.locator(".st-key-new-conversation button").click()
        expect(examples.first).to_be_visible()


@pytest.mark.parametrize(
    ("name", "options"),
    [("dark", {"dark": True}), ("narrow", {"width": 400, "height": 800})],
)
@pytest.mark.usefixtures("backend")
def test_answer_and_source_fit_the_window(
    open_chat: OpenChat, screenshot: Screenshot, name: str, options: dict[str, object]
) -> None:
    page = open_chat(**options)
    ask(page, "Compare the revenue of Orquenna and Tarrendray in fiscal 2024.")
    expect(page.locator(".st-key-understood-1")).to_contain_text("Understood as")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    screenshot(page, f"answered-{name}")
    page.locator(".st-key-turn-1 .st-key-cite-1-1 button").click()
    expect(page.get_by_role("dialog").locator("mark").first).to_be_visible()
    screenshot(page, f"source-{name}")


def test_page_says_that_the_back_end_is_away_and_continues_by_itself_when_it_is_back(
    open_chat: OpenChat, vacant_port: int, backend_folder: Path, sample_store: Path, screenshot: Screenshot
) -> None:
    page = open_chat()
    obstacle = page.locator(".st-key-backend-obstacle")
    with serve_backend(str(sample_store), backend_folder, port=vacant_port):
        expect(page.locator(INPUT)).to_be_enabled()
        ask(page, EMPLOYEES)
        expect(page.locator(".st-key-answer-1")).to_contain_text("2,475 employees")

    ask(page, "How does Orquenna govern cybersecurity risk?")
    expect(obstacle).to_contain_text("The back end is away")
    expect(page.locator(INPUT)).to_be_disabled()
    screenshot(page, "away-light")
    page.locator(".st-key-earlier-1 button").click()
    expect(page.locator(".st-key-answer-1")).to_contain_text("2,475 employees")

    with serve_backend(str(sample_store), backend_folder, port=vacant_port):
        expect(obstacle).to_be_hidden()
        expect(page.locator(INPUT)).to_be_enabled()
        page.locator(".st-key-retry-2 button").click()
        expect(page.locator(".st-key-answer-3")).to_contain_text("audit committee")


@pytest.mark.usefixtures("backend")
def test_back_leads_from_the_chat_to_the_page_before_it(open_chat: OpenChat) -> None:
    page = open_chat()
    ask(page, EMPLOYEES)
    expect(page.locator(".st-key-cost-1")).to_be_visible()
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    page.get_by_role("link", name="Chat").click()
    chat_address = re.compile(r"/\?q=")
    expect(page).to_have_url(chat_address)
    page.go_back()  # to the bare address of this visit, or to that of the page before it
    expect(page).not_to_have_url(chat_address)
    page.go_back()
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
