"""A reader's browser talks to the front end and to nobody else, whatever is opened on the page."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import own_pages
from tests.e2e.test_chat import EMPLOYEES, ask

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("backend")]

OpenChat = Callable[..., Page]


def test_browser_reaches_the_front_end_alone(open_chat: OpenChat, chat_url: str) -> None:
    page = open_chat()
    reached: list[str] = []
    page.context.on("request", lambda request: reached.append(request.url))
    page.on("websocket", lambda socket: reached.append(socket.url))
    page.reload()

    ask(page, "Orquenna revenue over the last three years")
    expect(page.locator(".st-key-chart-1-1 canvas, .st-key-chart-1-1 svg.marks").first).to_be_visible()
    ask(page, EMPLOYEES)
    expect(page.locator(".st-key-answer-2")).to_contain_text("2,475 employees")
    page.locator(".st-key-cite-2-1 button").click()
    expect(page.get_by_role("dialog").locator("mark").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()

    pages = own_pages(page)
    assert f"{chat_url}/compare" in pages
    for address in pages:
        page.goto(address)
        expect(page.locator("[data-testid='stApp'][data-test-script-state='notRunning']")).to_be_visible()
        expect(page.get_by_role("heading").first).to_be_visible()
    page.wait_for_load_state("networkidle")

    assert f"ws://{urlsplit(chat_url).netloc}/_stcore/stream" in reached
    strangers = [url for url in reached if urlsplit(url).netloc != urlsplit(chat_url).netloc]
    assert [url for url in strangers if not url.startswith(("data:", "blob:"))] == []
