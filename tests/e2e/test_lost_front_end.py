"""A front end that dies takes its sessions along: the page finds its successor, and what is asked there is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.test_chat import EMPLOYEES, INPUT, ask
from tests.replicas import Frontend

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("backend")]

ANOTHER = "How many employees does Orquenna have in fiscal 2023?"


@pytest.fixture
def frontend(backend_port: int, tmp_path: Path) -> Iterator[Frontend]:
    serving = Frontend(f"http://127.0.0.1:{backend_port}", tmp_path)
    serving.start()
    yield serving
    serving.stop()


@pytest.fixture
def page(frontend: Frontend, browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        opened = context.new_page()
        opened.goto(f"http://{frontend.address}")
        yield opened


def test_question_typed_into_a_page_that_lost_its_front_end_is_answered_after_that_in_its_address(
    frontend: Frontend, page: Page
) -> None:
    ask(page, EMPLOYEES)
    expect(page.locator(".st-key-answer-1")).to_contain_text("2,475 employees")
    page.wait_for_url("**Orquenna**")

    frontend.kill()
    with page.expect_websocket():
        frontend.start()
    ask(page, ANOTHER)

    expect(page.locator(".st-key-answer-2")).to_contain_text("2,390 employees")
    expect(page.get_by_role("button", name=EMPLOYEES)).to_be_visible()  # folded, above the latest


def test_first_question_of_a_page_that_lost_its_front_end_is_answered(frontend: Frontend, page: Page) -> None:
    expect(page.locator("[class*='st-key-example-'] button").first).to_be_visible()
    expect(page.locator(INPUT)).to_be_enabled()

    frontend.kill()
    with page.expect_websocket():
        frontend.start()
    ask(page, EMPLOYEES)

    expect(page.locator(".st-key-answer-1")).to_contain_text("2,475 employees")
