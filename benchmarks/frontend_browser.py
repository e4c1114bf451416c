"""What a reader sees of the front end and when, in a real browser: first paint, the input, the first source."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, WebSocket, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

__all__ = ["Asked", "Opened", "ask", "launched", "opened"]

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
_TIMEOUT_MS = 60_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A page opened with an empty cache; times count from the start of the navigation, in seconds."""

    page: Page
    first_contentful_paint_s: float
    input_visible_s: float
    frames: list[ForwardMsg]


@dataclass(frozen=True, slots=True)
class Asked:
    """When the first source of an answer and the whole of it stood on the page, in seconds after sending."""

    first_source_s: float | None
    answered_s: float


@contextmanager
def launched() -> Iterator[Browser]:
    """Run Debian's Chromium until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Opened]:
    """Open the chat as a reader who comes for the first time; `frames` collects what the server sends."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(_TIMEOUT_MS)
    frames: list[ForwardMsg] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda sent: frames.append(ForwardMsg.FromString(_bytes(sent))))

    page.on("websocket", listen)
    try:
        page.goto(url, wait_until="commit")
        page.locator(".st-key-question textarea:enabled").wait_for()
        visible_s = page.evaluate("performance.now()") / 1000
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
        page.wait_for_load_state("networkidle")
        yield Opened(page, round(paint, 2), round(visible_s, 2), frames)
    finally:
        context.close()


def ask(page: Page, question: str, turn: int) -> Asked:
    """Type a question and send it; `turn` is its number in the conversation, from 1."""
    box = page.locator(".st-key-question textarea:enabled")
    box.fill(question)
    started = time.perf_counter()
    box.press("Enter")
    settled = page.locator(
        ", ".join(f".st-key-{what}-{turn}" for what in ("answer", "abstained", "failure", "stopped"))
    )
    source = page.locator(f"[class*='cite-{turn}-'] button, [class*='found-{turn}'] summary")
    source.or_(settled).first.wait_for()
    first_source_s = time.perf_counter() - started if source.count() else None
    settled.first.wait_for()
    answered_s = time.perf_counter() - started
    box.wait_for()
    return Asked(first_source_s and round(first_source_s, 2), round(answered_s, 2))


def _bytes(sent: str | bytes) -> bytes:
    return sent if isinstance(sent, bytes) else sent.encode()
