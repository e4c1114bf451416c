"""The pages in a real browser: usable by everybody, in light and dark, on a phone and a wide screen, without script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from scheduler.tests.running_api import SECRET, RunningApi, key_of, keys_file, running_api
from scheduler.tests.running_redis import RunningRedis, running_redis
from scheduler.tests.shown_pages import fill, fill_queue

_CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync"]
_PAGES = [
    "/metrics",
    "/metrics?workspace_id=acme",
    "/metrics?workspace_id=nobody",
    "/admin/queues",
    "/admin/queues?state=delayed&done=promote",
    "/admin/queues/jobs/{failed}",
    "/admin/queues/pause",
    "/admin/queues/schedules",
    "/sign-in",
]
_RICHEST = ["/metrics?workspace_id=acme"]
_WINDOWS = [(1280, "light", _PAGES), (360, "dark", _PAGES), (1280, "dark", _RICHEST), (360, "light", _RICHEST)]


@pytest.fixture(scope="module")
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def api(redis: RunningRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    if not _CHROMIUM.exists():
        pytest.skip(f"{_CHROMIUM} is not installed")
    with running_api(redis, keys_file=keys_file(tmp_path_factory.mktemp("keys")), session_secret=SECRET) as running:
        fill(running, hours=8)
        yield running


@pytest.fixture(scope="module")
def failed_job(api: RunningApi, redis: RunningRedis) -> str:
    return fill_queue(redis)


@pytest.fixture(scope="module")
def browser(api: RunningApi, failed_job: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(executable_path=str(_CHROMIUM), args=_ARGUMENTS)
        except Error as error:
            pytest.skip(f"chromium cannot be started: {error.message.splitlines()[0]}")
        yield launched
        launched.close()


def _sign_in(context: BrowserContext, api: RunningApi) -> Page:
    page = context.new_page()
    page.goto(f"{api.url}/admin/queues")
    page.get_by_label("API key").fill(key_of("ops"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/queues")
    return page


@pytest.mark.parametrize(
    ("width", "scheme", "paths"), _WINDOWS, ids=[f"{width}-{scheme}" for width, scheme, _ in _WINDOWS]
)
def test_pages_have_no_serious_fault_of_accessibility(
    browser: Browser, api: RunningApi, failed_job: str, width: int, scheme: str, paths: list[str]
) -> None:
    """SC-10, SC-11: axe finds none, nothing is wider than the window, and the browser complains of nothing."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    complaints: list[str] = []
    try:
        page = _sign_in(context, api)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        for path in paths:
            page.goto(api.url + path.format(failed=failed_job))
            found = Axe().run(page).response
            assert found["passes"], path
            serious = [each for each in found["violations"] if each["impact"] in {"serious", "critical"}]
            assert serious == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    finally:
        context.close()
    assert complaints == []


def test_theme_follows_the_system(browser: Browser, api: RunningApi) -> None:
    """SC-10: dark mode."""
    backgrounds = []
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{api.url}/sign-in")
        backgrounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        context.close()
    assert backgrounds == ["rgb(246, 247, 249)", "rgb(20, 23, 28)"]


def test_everything_works_without_script(browser: Browser, api: RunningApi) -> None:
    """SC-10, SC-11: signing in, filters, details, a question before pausing, signing out."""
    context = browser.new_context(java_script_enabled=False)
    try:
        page = _sign_in(context, api)
        page.get_by_role("link", name="Pause …").click()
        page.get_by_role("button", name="Pause the queue").click()
        assert page.get_by_text("paused: workers take no jobs").is_visible()
        page.get_by_role("button", name="Resume").click()
        assert page.get_by_text("taking jobs").is_visible()
        page.get_by_role("link", name="Executions").click()
        page.get_by_role("link", name="acme").click()
        page.get_by_label("Period").select_option("1h")
        page.get_by_role("button", name="Show").click()
        assert "period=1h" in page.url
        page.get_by_text("3 · details").first.click()
        assert page.get_by_text("HTTP 503: HTTP 503").first.is_visible()
        page.get_by_role("button", name="Sign out").click()
        assert page.get_by_label("API key").is_visible()
    finally:
        context.close()
