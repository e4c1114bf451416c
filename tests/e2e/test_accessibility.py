"""Everyone can read and use the chat: no grave finding of axe-core in any state; the keyboard reaches everything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from tests.e2e.axe_findings import find_barriers
from tests.e2e.conftest import Screenshot, own_pages
from tests.e2e.test_chat import EMPLOYEES, INPUT, ask
from tests.local_processes import serve_backend
from tests.ui.stub_backend import StubBackend, serve_stub

pytestmark = pytest.mark.browser

OpenChat = Callable[..., Page]

WIDTHS = (1280, 400)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("dark", "light")
MOST_STOPS = 60
DIALOG_WITHIN_MS = 5_000


@pytest.fixture
def slow_backend(vacant_port: int) -> Iterator[StubBackend]:
    """A back end that takes its time for questions that hold the word "slow", and fails where it is told to."""
    with serve_stub(StubBackend(), vacant_port) as stub:
        yield stub


class Look:
    """The page at one width; what is wrong with it, in both colour schemes, is collected over its states."""

    def __init__(self, page: Page, width: int, screenshot: Screenshot) -> None:
        self.page = page
        self.barriers: list[str] = []
        self._width = width
        self._screenshot = screenshot

    def judge(self, state: str) -> None:
        """Note what bars readers from the page as it is now, and keep a picture of it, dark and light."""
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            self.page.wait_for_function(
                f"getComputedStyle(document.querySelector('.stApp')).colorScheme === '{scheme}'"
            )
            # Nothing is judged while it fades in.
            self.page.wait_for_function("document.getAnimations().every(motion => motion.playState !== 'running')")
            self.barriers += [f"{state}, {scheme}: {barrier}" for barrier in find_barriers(self.page)]
            self._screenshot(self.page, f"{state}-{scheme}-{self._width}")


@pytest.fixture(params=WIDTHS)
def look(request: pytest.FixtureRequest, open_chat: OpenChat, screenshot: Screenshot) -> Look:
    return Look(open_chat(width=request.param, height=900), request.param, screenshot)


def open_sidebar(page: Page) -> None:
    """Show what stands beside the page, which a narrow window folds away."""
    button = page.get_by_test_id("stExpandSidebarButton")
    if button.is_visible():
        button.click()


def unfold(page: Page, part: Locator) -> None:
    """Open everything that is folded in a part of the page."""
    folded = part.locator("details:not([open]) > summary")
    while folded.count():
        left = folded.count()
        folded.first.click()
        expect(folded).to_have_count(left - 1)
    settle(page)


def settle(page: Page) -> None:
    expect(page.locator("[data-testid='stApp'][data-test-script-state='notRunning']")).to_be_visible()


@pytest.mark.usefixtures("backend")
def test_conversation_bars_nobody(look: Look) -> None:
    page = look.page
    expect(page.locator("[class*='st-key-example-'] button").first).to_be_visible()
    look.judge("welcome")
    ask(page, "Orquenna revenue over the last three years")
    expect(page.locator(".st-key-chart-1-1 canvas, .st-key-chart-1-1 svg.marks").first).to_be_visible()
    settle(page)
    look.judge("charted")
    ask(page, "What was Apple's revenue in fiscal 2023?")
    expect(page.locator(".st-key-abstained-2")).to_be_visible()
    settle(page)
    look.judge("abstained")
    ask(page, EMPLOYEES)
    expect(page.locator(".st-key-answer-3")).to_be_visible()
    settle(page)
    look.judge("cited")
    page.locator(".st-key-cite-3-1 button").click()
    expect(page.get_by_role("dialog").locator("mark").first).to_be_visible()
    settle(page)
    look.judge("source")
    assert look.barriers == []


@pytest.mark.usefixtures("backend")
def test_what_is_folded_bars_nobody_when_it_is_opened(look: Look) -> None:
    page = look.page
    ask(page, "Orquenna gross margin 2024")
    expect(page.locator(".st-key-answer-1")).to_be_visible()
    settle(page)
    unfold(page, page.get_by_test_id("stMain"))
    look.judge("unfolded")
    open_sidebar(page)
    unfold(page, page.get_by_test_id("stSidebar"))
    look.judge("unfolded-beside")
    assert look.barriers == []


@pytest.mark.usefixtures("backend")
def test_dialogs_of_an_answer_bar_nobody(look: Look) -> None:
    page = look.page
    ask(page, EMPLOYEES)
    expect(page.locator(".st-key-answer-1")).to_be_visible()
    settle(page)
    buttons = page.locator(".st-key-turn-1 .stButton button:visible")
    dialog = page.get_by_role("dialog")
    names: set[str] = set()
    for position in range(buttons.count()):
        buttons.nth(position).click()
        try:
            dialog.wait_for(timeout=DIALOG_WITHIN_MS)
        except Error:
            continue  # a button that opens none
        settle(page)
        name = re.sub(r"\W+", "-", dialog.get_by_role("heading").first.inner_text().lower())
        if name not in names:
            look.judge(f"dialog-{name}")
        names.add(name)
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
    assert len(names) > 1
    assert look.barriers == []


@pytest.mark.usefixtures("backend")
def test_other_pages_bar_nobody(look: Look, chat_url: str) -> None:
    page = look.page
    open_sidebar(page)
    names = [address.removeprefix(chat_url).strip("/") for address in own_pages(page)]
    assert "compare" in names
    for name in filter(None, names):
        page.goto(f"{chat_url}/{name}")
        expect(page.get_by_role("heading").first).to_be_visible()
        settle(page)
        page.wait_for_load_state("networkidle")
        look.judge(name)
    assert look.barriers == []


def test_waiting_and_failures_bar_nobody(look: Look, slow_backend: StubBackend) -> None:
    page = look.page
    ask(page, "a slow question")
    expect(page.locator("[class*='st-key-turn-1'], [class*='st-key-live-1']").first).to_be_visible()
    look.judge("answering")
    expect(page.locator(".st-key-answer-1")).to_be_visible()
    ask(page, "limit")
    expect(page.locator(".st-key-failure-2")).to_be_visible()
    settle(page)
    look.judge("failed")
    slow_backend.mode = "no index"
    page.reload()
    expect(page.locator(".st-key-backend-obstacle")).to_be_visible()
    look.judge("no-index")
    assert look.barriers == []


def test_missing_back_end_bars_nobody(look: Look, tmp_path: Path, sample_store: Path, vacant_port: int) -> None:
    page = look.page
    with serve_backend(str(sample_store), tmp_path, port=vacant_port):
        expect(page.locator(INPUT)).to_be_enabled()
    page.reload()
    expect(page.locator(".st-key-backend-obstacle")).to_be_visible()
    look.judge("away")
    assert look.barriers == []


@pytest.mark.usefixtures("backend")
def test_keyboard_alone_asks_and_opens_a_source(open_chat: OpenChat) -> None:
    page = open_chat()
    expect(page.locator(INPUT)).to_be_enabled()
    page.locator("body").press("Tab")
    go_to(page, page.locator(INPUT))
    page.keyboard.type(EMPLOYEES)
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-answer-1")).to_contain_text("2,475 employees")
    settle(page)

    source = page.locator(".st-key-cite-1-1 button")
    go_to(page, source, backwards=True)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("mark").first).to_be_visible()
    assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")

    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(source).to_be_focused()


@pytest.mark.usefixtures("backend")
def test_wide_grid_is_scrolled_by_keyboard(open_chat: OpenChat, chat_url: str) -> None:
    page = open_chat(width=400)
    page.goto(f"{chat_url}/coverage")
    grid = page.locator(".st-key-coverage-grid")
    expect(grid).to_be_visible()
    settle(page)
    assert grid.evaluate("grid => grid.scrollWidth > grid.clientWidth")
    go_to(page, grid)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("grid => grid.scrollLeft > 0", arg=grid.element_handle())


def go_to(page: Page, target: Locator, *, backwards: bool = False) -> None:
    """Press Tab until the target has the focus; fails after `MOST_STOPS` stops."""
    for _ in range(MOST_STOPS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
    raise AssertionError(f"not reached with {MOST_STOPS} presses of the Tab key: {target}")
