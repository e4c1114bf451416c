"""Both servers on the sample index and a browser that looks at them; skipped with a reason where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

from tests.local_processes import Server, clean_environment, end, free_port, serve_backend, wait_until
from tests.sample_index import ROOT, sample_store

__all__ = ["own_pages", "sample_store"]

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Screenshot = Callable[[Page, str], Path]

# A machine that runs other tests beside it is slow to draw a page.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=_ARGUMENTS)
        except Error as error:
            pytest.skip(f"chromium cannot be started: {error.message.splitlines()[0]}")
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def backend_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def backend_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chat-backend")


class KeptBackend:
    """One back end for all tests that ask for one: it runs from the first of them until its port is needed."""

    def __init__(self, serving: Callable[[], AbstractContextManager[Server]]) -> None:
        self._serving = serving
        self._running = ExitStack()
        self._server: Server | None = None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self._server is None:
            self._server = self._running.enter_context(self._serving())

    def end(self) -> None:
        """End it, if it runs."""
        self._running.close()
        self._server = None


@pytest.fixture(scope="session")
def kept_backend(backend_port: int, backend_folder: Path, sample_store: Path) -> Iterator[KeptBackend]:
    kept = KeptBackend(lambda: serve_backend(str(sample_store), backend_folder, port=backend_port))
    yield kept
    kept.end()


@pytest.fixture
def backend(kept_backend: KeptBackend) -> None:
    """A back end on the samples is where the front end looks for one."""
    kept_backend.start()


@pytest.fixture
def vacant_port(kept_backend: KeptBackend, backend_port: int) -> int:
    """The port at which the front end looks for a back end; nobody is there."""
    kept_backend.end()
    return backend_port


@pytest.fixture(scope="session")
def chat_url(backend_port: int, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    """The address of the front end; its back end runs in tests that use `backend`."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "serving/frontend/chat.py", "--server.port", str(port)]
    environment = clean_environment(BACKEND_URL=f"http://127.0.0.1:{backend_port}")
    with (tmp_path_factory.mktemp("frontend") / "frontend.log").open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _is_up(url), "the front end answers")
        yield url
    finally:
        end(process)


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_stcore/health", trust_env=False, timeout=2).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def console_errors() -> list[str]:
    """What the browser reported as an error."""
    return []


@pytest.fixture
def open_chat(browser: Browser, chat_url: str, console_errors: list[str]) -> Iterator[Callable[..., Page]]:
    """Open the chat in a window of its own: `open_chat(width=…, height=…, dark=…)`."""
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            console_errors.append(f"{message.text} {message.location}")

    def opened(*, width: int = 1280, height: int = 800, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", note)
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        page.goto(chat_url)
        return page

    yield opened
    for context in contexts:
        context.close()


def own_pages(page: Page) -> list[str]:
    """Return the addresses of the front end's pages, as its navigation links them."""
    links = page.locator("a[data-testid='stSidebarNavLink'], a[data-testid='stTopNavLink']")
    links.first.wait_for(state="attached")
    addresses: list[str] = links.evaluate_all("links => links.map(link => link.href)")
    return addresses


@pytest.fixture
def screenshot() -> Screenshot:
    """Save what a page shows under a name, in build/screenshots or in FINRAG_SCREENSHOTS; returns the file."""
    folder = Path(os.environ.get("FINRAG_SCREENSHOTS") or ROOT / "build" / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)

    def save(page: Page, name: str) -> Path:
        path = folder / f"{name}.png"
        page.screenshot(path=path, animations="disabled")
        return path

    return save
