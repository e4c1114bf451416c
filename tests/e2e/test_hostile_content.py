"""Hostile filings, questions and answers in a real browser: nothing of them comes to life, the page keeps its shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Dialog, Page, Request, expect

from tests.e2e.conftest import Screenshot
from tests.e2e.test_chat import ask
from tests.ui.stub_backend import StubBackend, serve_stub
from tests.ui.stub_hostile import HOSTILE_QUESTION, build_hostile_passages

pytestmark = pytest.mark.browser

OpenChat = Callable[..., Page]

# A table of 8,000 cells takes a busy machine longer than other content.
_PATIENCE_MS = 20_000
# What markup of ours and of Streamlit never holds where words of others stand.
_ALIVE = (
    "img[src='x'], img[src*='evil'], [onerror], [onload], iframe, object, embed, video, base, form[action], .katex, "
    "math, .stHtml script, .stHtml style, .stHtml input, .stHtml a, .stMarkdown u, meta[http-equiv='refresh']"
)
_LINKS = "links => links.map(link => link.getAttribute('href'))"
# Where the last right-to-left letters end, and where the number that follows them begins.
_EDGES = """drawer => {
    const last = [...drawer.querySelectorAll(".st-key-source-text bdi")].at(-1);
    const range = document.createRange();
    range.setStart(last.nextSibling, 1);
    range.setEnd(last.nextSibling, 8);
    return [last.getBoundingClientRect().right, range.getBoundingClientRect().left];
}"""
_TURNING = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066\u2067]")


def watch(page: Page) -> list[str]:
    """Return a list that takes what must never happen: a dialog of the browser, a call to another machine."""
    seen: list[str] = []

    def note_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname != "127.0.0.1":
            seen.append(request.url)

    def note_dialog(dialog: Dialog) -> None:
        seen.append(f"dialog {dialog.message}")
        dialog.dismiss()

    page.on("request", note_request)
    page.on("dialog", note_dialog)
    page.on("popup", lambda popup: seen.append(f"window {popup.url}"))
    return seen


def assert_inert(page: Page) -> None:
    assert page.locator(_ALIVE).count() == 0
    links = page.locator("a[href]").evaluate_all(_LINKS)
    assert [link for link in links if re.search(r"evil|javascript:|data:|^//|@", link)] == []
    assert _TURNING.findall(page.locator("body").inner_text()) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.title() == "FinRAG"


@pytest.mark.parametrize("width", [1280, 400])
def test_hostile_answer_and_sources_stay_words(
    open_chat: OpenChat, console_errors: list[str], screenshot: Screenshot, vacant_port: int, width: int
) -> None:
    with serve_stub(StubBackend(), vacant_port):
        page = open_chat(width=width, height=800)
        seen = watch(page)
        ask(page, HOSTILE_QUESTION)
        expect(page.locator(".st-key-cost-1")).to_be_visible(timeout=_PATIENCE_MS)
        expect(page.locator(".st-key-answer-1")).to_contain_text("Still a citation [1].")
        assert_inert(page)
        screenshot(page, f"hostile-answer-{width}")

        page.locator(".st-key-cite-1-1 button").click()
        drawer = page.get_by_role("dialog")
        for position in range(1, len(build_hostile_passages()) + 1):
            expect(drawer).to_contain_text(f"{position} of {len(build_hostile_passages())}", timeout=_PATIENCE_MS)
            expect(drawer.locator(".st-key-source-text mark").first).to_be_visible(timeout=_PATIENCE_MS)
            expect(drawer.get_by_text("After this in the filing")).to_be_visible(timeout=_PATIENCE_MS)
            assert_inert(page)
            assert drawer.evaluate("drawer => drawer.scrollWidth <= window.innerWidth")
            assert page.locator(".st-key-source-link").count() == 0
            if drawer.locator("bdi").count():
                letters, number = drawer.evaluate(_EDGES)
                assert letters <= number, "a number behind right-to-left letters stands before them"
            screenshot(page, f"hostile-source-{position}-{width}")
            drawer.locator(".st-key-source-next button").click()
        expect(drawer).to_contain_text(f"1 of {len(build_hostile_passages())}", timeout=_PATIENCE_MS)
    assert seen == []
    assert console_errors == []
