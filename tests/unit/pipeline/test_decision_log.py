"""At `debug` each stage tells what it decided, without a word of the question; at `info` nothing of it is told."""

from __future__ import annotations

import logging
import re
from collections.abc import Generator
from dataclasses import replace

import pytest

from finrag_ml_tg1.answering.models.errors import ModelUnavailableError
from finrag_ml_tg1.answering.models.language_model import Cancellation, Finished, LanguageModel, ModelProfile, Prompt
from finrag_ml_tg1.answering.models.profiles import bundled_profiles
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question, Turn
from tests.canaries import CANARIES, sightings

NUMBER = Question("What was Orquenna's net income in fiscal 2024?")
WORDS = Question("How many employees does Orquenna have in fiscal 2024?")
OF_ALL = Question("Which companies name zanzibarquux earthquakes as a risk?")
MISSING = Question("What was Orquenna's net income in fiscal 1987?")


class Scripted:
    """A language model that writes one sentence, or is away."""

    def __init__(self, *, is_away: bool = False) -> None:
        self._is_away = is_away

    @property
    def profile(self) -> ModelProfile:
        return bundled_profiles().by_key["development"]

    def write(self, prompt: Prompt, cancellation: Cancellation | None = None) -> Generator[str | Finished, None, None]:
        if self._is_away:
            raise ModelUnavailableError("zanzibarquux", "the network")
        yield "It was 987,654,321 dollars [1]."


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger="finrag_ml_tg1")
    return caplog


def lines_of(told: pytest.LogCaptureFixture, module: str) -> str:
    """What the logger of a module has told."""
    name = f"finrag_ml_tg1.{module}"
    return "\n".join(record.getMessage() for record in told.records if record.name == name)


def test_number_is_told_from_its_understanding_to_the_fact(finrag: FinRAG, told: pytest.LogCaptureFixture) -> None:
    result = finrag.ask(NUMBER)
    (company,) = result.scope.companies
    understood = lines_of(told, "understanding.decisions")
    assert f"companies {company.cik} (named), fiscal years 2024 (named)" in understood
    assert "metrics net_income" in understood
    assert "number asked for: lookup of net_income, fiscal years 2024" in understood
    facts = lines_of(told, "facts.decisions")
    assert "lookup of net_income for 1 companies: 1 found" in facts
    fact = result.found.facts[0].fact
    assert f"found: cik {company.cik}, {fact.concept}, FY 2024 to 2024-12-31" in facts
    assert "answered in numbers" in lines_of(told, "from_filings")


def test_words_are_told_from_their_candidates_to_the_evidence(finrag: FinRAG, told: pytest.LogCaptureFixture) -> None:
    result = finrag.ask(WORDS)
    searched = lines_of(told, "retrieval.search")
    assert re.search(r"candidates: \d+ of 1 filings, \d+ with words asked", searched)
    assert re.search(r"by meaning: nearest 0\.\d\d", searched)
    assert re.search(r"ranked by words .*: \d+ passages of 1 filings", searched)
    assert re.search(r"strength \d\.\d\d, .*: quoted", lines_of(told, "answering.extractive"))
    cited = sum(citation.is_cited for citation in result.answer.citations)
    assert f"answered in words: {cited} passages cited" in lines_of(told, "from_filings")


def test_abstention_is_told_with_its_reason(finrag: FinRAG, told: pytest.LogCaptureFixture) -> None:
    assert not finrag.ask(MISSING).answer.is_answered
    assert "nothing covered can answer" in lines_of(told, "understanding.decisions")
    assert "abstains: no filing that is covered is in scope" in lines_of(told, "from_filings")
    assert "unanswered without a search" in lines_of(told, "from_filings")


def test_conversation_and_filters_are_told(finrag: FinRAG, told: pytest.LogCaptureFixture) -> None:
    finrag.ask(Question("And in 2023?", history=(Turn("user", NUMBER.text), Turn("assistant", "It was much."))))
    assert "after 1 turns: read with what they ask" in lines_of(told, "understanding.conversation.follow_ups")
    filters = replace(NUMBER.filters, tickers=("ORQN",), fiscal_years=(2023,))
    finrag.ask(Question("What was net income?", filters))
    assert "(filter), fiscal years 2023 (filter)" in lines_of(told, "understanding.decisions")


def test_model_is_told_with_the_check_of_its_numbers(finrag: FinRAG, told: pytest.LogCaptureFixture) -> None:
    model: LanguageModel = Scripted()
    result = finrag.ask(WORDS, model)
    assert re.search(r"model development: \d+ of \d+ passages in \d+ tokens", lines_of(told, "pipeline"))
    flagged = sum(flag.kind == "number" for flag in result.answer.flags)
    assert flagged == 1
    assert re.search(r"checked: 1 passages cited, 1 numbers flagged", lines_of(told, "answering.model_answer"))


def test_fallback_is_told_with_its_reason(finrag: FinRAG, told: pytest.LogCaptureFixture) -> None:
    finrag.ask(WORDS, Scripted(is_away=True))
    said = lines_of(told, "answering.model_answer")
    assert "the filings are quoted instead: The language model is not available right now." in said


def test_nothing_of_it_is_told_at_info(finrag: FinRAG, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="finrag_ml_tg1")
    for question in (NUMBER, WORDS, OF_ALL, MISSING):
        finrag.ask(question, Scripted())
    assert not caplog.records


def test_neither_words_nor_secrets_of_a_question_are_told(finrag: FinRAG, told: pytest.LogCaptureFixture) -> None:
    asked = [NUMBER, WORDS, OF_ALL, MISSING, Question("What was Orquenna's revenue from zanzibarquux gadgets in 2024?")]
    asked += [Question(f"How large were sales of {canary.text} at Orquenna in 2024?") for canary in CANARIES.values()]
    for question in asked:
        finrag.ask(question)
    assert told.records
    told_of = told.text
    assert not sightings("the log", told_of, CANARIES.values())
    assert not re.search(r"zanzibarquux|orquenna|earthquake|gadget", told_of, re.IGNORECASE)
