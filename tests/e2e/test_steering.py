"""What a reader steers, in a browser: an answer stopped, what was understood changed, follow-ups, links."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Screenshot
from tests.e2e.test_chat import EMPLOYEES, INPUT, ask
from tests.local_processes import serve_backend, wait_until
from tests.model_servers import Reply, ScriptedModelServer
from tests.sample_index import ground_truth

pytestmark = pytest.mark.browser

OpenChat = Callable[..., Page]

WORDS = tuple(f"Sentence {number} of a long answer [1]. " for number in range(200))


def orquenna_revenue(fiscal_year: int) -> str:
    """Orquenna's revenue as the generator of the samples made it, as answers print it."""
    filings = [filing for filing in ground_truth() if filing["ticker"] == "ORQN"]
    values = next(filing["values"] for filing in filings if filing["fiscal_year"] == fiscal_year)
    revenue = int(values["us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax"]["value"])
    return f"${revenue / 1_000_000:,.3f} million"


def test_answer_is_stopped_while_it_is_written_and_its_sources_open_meanwhile(
    open_chat: OpenChat, vacant_port: int, backend_folder: Path, sample_store: Path, screenshot: Screenshot
) -> None:
    page = open_chat()
    with ScriptedModelServer() as model:
        model.script(Reply(pieces=WORDS, first_after_s=1.0, next_after_s=0.2))
        with serve_backend(
            str(sample_store),
            backend_folder,
            port=vacant_port,
            FINRAG_MODEL="openai",
            OPENAI_BASE_URL=model.openai_url,
            FINRAG_ANSWER_CACHE_MB="0",
        ):
            expect(page.locator(INPUT)).to_be_enabled()
            ask(page, EMPLOYEES)
            live = page.locator(".st-key-live-1")
            expect(live).to_contain_text("Understood as: Orquenna")
            expect(live.locator(".st-key-live-cite-1-1")).to_contain_text("ORQN FY2024")
            expect(live).not_to_contain_text("Sentence 0")
            expect(live).to_contain_text("Sentence 3")
            screenshot(page, "answering-light")

            page.locator(".st-key-live-cite-1-1 button").click()
            expect(page.get_by_role("dialog").locator("mark").first).to_contain_text("2,475 employees")
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_be_hidden()
            expect(live).to_be_visible()

            page.get_by_role("button", name="Stop").click()
            stopped = page.locator(".st-key-stopped-1")
            expect(stopped).to_contain_text("This answer was stopped.")
            expect(stopped).to_contain_text("Sentence 3")
            expect(page.get_by_role("button", name="Stop")).to_have_count(0)
            screenshot(page, "stopped-light")
            wait_until(lambda: model.disconnects == 1, "the model is no longer read")


@pytest.mark.usefixtures("backend")
def test_changed_year_is_asked_again_and_its_link_asks_the_same(open_chat: OpenChat, screenshot: Screenshot) -> None:
    page = open_chat()
    ask(page, "What was Orquenna's revenue?")
    expect(page.locator(".st-key-answer-1")).to_contain_text(orquenna_revenue(2024))
    page.locator(".st-key-chip-1-2 button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Fiscal years")).to_be_visible()
    screenshot(page, "change-light")
    dialog.get_by_label("Remove 2024").or_(dialog.get_by_role("button", name="Remove 2024")).first.click()
    dialog.get_by_role("combobox", name=re.compile("Fiscal years")).fill("2023")
    page.keyboard.press("Enter")
    dialog.get_by_text("What is left empty").click()
    dialog.get_by_role("button", name="Ask again").click()
    expect(page.locator(".st-key-answer-2")).to_contain_text(orquenna_revenue(2023))
    expect(page.locator(".st-key-turn-2")).to_contain_text("fiscal 2023")

    link = page.url
    assert "years=2023" in link
    other = open_chat()
    other.goto(link)
    expect(other.locator(".st-key-answer-1")).to_contain_text(orquenna_revenue(2023))


@pytest.mark.usefixtures("backend")
def test_follow_up_shows_the_question_it_was_read_as(open_chat: OpenChat) -> None:
    page = open_chat()
    ask(page, "What was Orquenna's revenue in fiscal 2024?")
    expect(page.locator(".st-key-answer-1")).to_contain_text(orquenna_revenue(2024))
    ask(page, "and in 2023?")
    expect(page.locator(".st-key-turn-2")).to_contain_text("Read as “What was Orquenna's revenue in 2023?”")
    expect(page.locator(".st-key-answer-2")).to_contain_text(orquenna_revenue(2023))
    page.locator(".st-key-earlier-1 button").click()
    expect(page.locator(".st-key-answer-1")).to_contain_text(orquenna_revenue(2024))
