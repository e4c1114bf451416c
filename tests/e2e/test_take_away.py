"""What a reader takes away opens anywhere and needs nothing else; what a reader says is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.e2e.conftest import Screenshot
from tests.e2e.test_chat import EMPLOYEES, SENTENCE, ask

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("backend")]

OpenChat = Callable[..., Page]
MARGIN = "Orquenna gross margin 2024"
LOOKS: dict[str, tuple[int, bool]] = {"light": (1000, False), "dark": (1000, True), "narrow": (400, False)}


def open_takeaway(page: Page, turn: int) -> Locator:
    """Open the dialog of an answer and return it."""
    page.locator(f".st-key-take-away-{turn} button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Answer as HTML")).to_be_visible()
    return dialog


def download(page: Page, label: str, folder: Path) -> Path:
    """Return the file behind a button of the dialog under the name the browser was given."""
    with page.expect_download() as started:
        page.get_by_role("dialog").get_by_role("button", name=label).click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def open_file(browser: Browser, path: Path, look: str) -> tuple[Page, list[str], list[str]]:
    """Return the page of a file, the addresses it asks for, and what the browser complains of."""
    width, is_dark = LOOKS[look]
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if is_dark else "light")
    page = context.new_page()
    addresses: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        addresses.append(request.url)

    page.on("request", note)
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(path.as_uri())
    return page, addresses, complaints


def test_html_shows_answer_and_sources_without_any_request(
    open_chat: OpenChat, browser: Browser, console_errors: list[str], screenshot: Screenshot, tmp_path: Path
) -> None:
    chat = open_chat()
    ask(chat, EMPLOYEES)
    open_takeaway(chat, 1)
    screenshot(chat, "take-away-light")
    path = download(chat, "Answer as HTML", tmp_path)
    assert path.name.startswith("finrag-fy2024-how-many-employees-does-orquenna-have-in-")
    assert console_errors == []

    page, addresses, complaints = open_file(browser, path, "light")
    expect(page).to_have_title(f"{EMPLOYEES} · FinRAG")
    expect(page.get_by_role("heading", level=2)).to_have_text(EMPLOYEES)
    expect(page.locator("main")).to_contain_text("2,475 employees")
    expect(page.locator("blockquote mark").first).to_have_text(SENTENCE)
    expect(page.locator("h4").first).to_contain_text("Orquenna Instruments, Inc. (fictional) (ORQN), Form 10-K")
    page.get_by_role("link", name="[1]").first.click()
    assert page.url.endswith("#source-1-1")
    assert {address.partition("#")[0] for address in addresses} == {path.as_uri()}
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_conversation_fits_the_window_as_html(
    open_chat: OpenChat, browser: Browser, screenshot: Screenshot, tmp_path: Path, look: str
) -> None:
    chat = open_chat()
    ask(chat, MARGIN)
    expect(chat.locator(".st-key-actions-1")).to_be_visible()
    ask(chat, EMPLOYEES)
    expect(chat.locator(".st-key-actions-2")).to_be_visible()
    open_takeaway(chat, 2)
    page, _, complaints = open_file(browser, download(chat, "Conversation as HTML", tmp_path), look)
    expect(page.get_by_role("heading", level=2)).to_have_text([f"1. {MARGIN}", f"2. {EMPLOYEES}"])
    expect(page.locator("main")).to_contain_text("With the numbers: 349,982 ÷ 649,317")
    expect(page.locator("#source-1-1 ~ blockquote mark").first).to_have_text("649,317")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert complaints == []
    screenshot(page, f"taken-away-{look}")
    page.context.close()


def test_markdown_holds_the_answer_and_the_cited_words(open_chat: OpenChat, tmp_path: Path) -> None:
    chat = open_chat(width=400, height=800)
    ask(chat, EMPLOYEES)
    open_takeaway(chat, 1)
    path = download(chat, "Answer as Markdown", tmp_path)
    assert path.suffix == ".md"
    text = path.read_text(encoding="utf-8")
    assert f"**{SENTENCE}**" in text
    assert r"[\[1\]](#source-1-1)" in text


def test_feedback_is_stored_and_can_be_changed(
    open_chat: OpenChat, console_errors: list[str], screenshot: Screenshot, sample_store: Path
) -> None:
    store = LocalFolderStore(sample_store)
    before = {entry.key for entry in store.list("feedback/")}
    page = open_chat()
    ask(page, EMPLOYEES)
    page.locator(".st-key-good-1 button").click()
    expect(page.locator(".st-key-feedback-1")).to_contain_text("Noted: a good answer.")

    page.locator(".st-key-wrong-1 button").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("The evidence is wrong").click()
    dialog.get_by_label("Comment (optional)").fill("It is of another year.")
    screenshot(page, "feedback-light")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".st-key-feedback-1")).to_contain_text("Noted: the evidence is wrong.")

    keys = sorted({entry.key for entry in store.list("feedback/")} - before)
    stored = [json.loads(store.get(key).data) for key in keys]
    assert [(line["verdict"], line["comment"]) for line in stored] == [
        ("good", ""),
        ("evidence_wrong", "It is of another year."),
    ]
    assert console_errors == []
