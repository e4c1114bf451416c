"""What the chat offers to ask next is answered: a real browser, front end and back end on the sample filings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Screenshot

pytestmark = pytest.mark.browser

INPUT = "textarea[data-testid='stChatInputTextArea']"
QUESTIONS = [
    "What was Orquenna's revenue in fiscal 2024?",
    "What are the main risk factors of Hibbelwick in fiscal 2023?",
    "What were Tarrendray's total assets in 2012?",
]

OpenChat = Callable[..., Page]


def ask(page: Page, question: str) -> None:
    box = page.locator(INPUT)
    expect(box).to_be_enabled()
    box.fill(question)
    box.press("Enter")


def begin_anew(page: Page) -> None:
    page.locator(".st-key-new-conversation button").click()
    expect(page.locator(".st-key-example-1 button")).to_be_visible()


def offered(page: Page, turn: int) -> Locator:
    """The buttons below a turn, once they are there."""
    buttons = page.locator(f".st-key-next-{turn} button")
    expect(buttons.nth(1)).to_be_visible()
    return buttons


@pytest.mark.usefixtures("backend")
def test_each_suggestion_after_an_answer_is_answered(open_chat: OpenChat) -> None:
    page = open_chat()
    for question in QUESTIONS:
        ask(page, question)
        questions = offered(page, 1).all_inner_texts()
        assert 2 <= len(questions) == len(set(questions)) <= 4
        for position, suggestion in enumerate(questions):
            offered(page, 1).nth(position).click()
            expect(page.locator(".st-key-turn-2")).to_contain_text(suggestion)
            expect(page.locator(".st-key-answer-2")).to_contain_text("[1]")
            expect(page.locator(".st-key-next-1")).to_have_count(0)
            begin_anew(page)
            if suggestion != questions[-1]:
                ask(page, question)


@pytest.mark.usefixtures("backend")
def test_suggestions_fit_the_window(open_chat: OpenChat, console_errors: list[str], screenshot: Screenshot) -> None:
    layouts: dict[str, dict[str, object]] = {"light": {}, "dark": {"dark": True}, "narrow": {"width": 400}}
    for name, options in layouts.items():
        page = open_chat(**options)
        expect(page.locator(".st-key-example-1 button")).to_be_visible()
        screenshot(page, f"examples-{name}")
        ask(page, "Compare the net income of Tarrendray and Hibbelwick in fiscal 2024.")
        last = offered(page, 1).last
        last.scroll_into_view_if_needed()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        box = last.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= page.evaluate("window.innerWidth")
        screenshot(page, f"suggestions-{name}")
    assert console_errors == []
