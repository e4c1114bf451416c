"""Questions about the sample filings, against what their generator says they contain."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from finrag_ml_tg1.events import Result
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Filters, Question
from tests.sample_index import ground_truth

SHORT_NAMES = {"ORQN": "Orquenna", "HBLW": "Hibbelwick", "TDRY": "Tarrendray"}
VALUES = {
    "total assets": "us-gaap:Assets",
    "net income": "us-gaap:NetIncomeLoss",
    "income tax expense": "us-gaap:IncomeTaxExpenseBenefit",
}
FILINGS = ground_truth()


def ask(finrag: FinRAG, text: str, filters: Filters | None = None, *, include_numbers: bool = True) -> Result:
    return finrag.ask(Question(text, filters or Filters(), include_numbers=include_numbers))


# A loss is not printed as "net income", nor a benefit as "income tax expense".
PRINTED = [
    pytest.param(filing, name, id=f"{filing['ticker']}-{filing['fiscal_year']}-{name}")
    for filing in FILINGS
    for name, concept in VALUES.items()
    if Decimal(filing["values"].get(concept, {"value": "0"})["value"]) > 0
]


@pytest.mark.parametrize(("filing", "name"), PRINTED)
def test_row_shows_the_value_of_the_year_asked(finrag: FinRAG, filing: dict[str, Any], name: str) -> None:
    question = f"What was {SHORT_NAMES[filing['ticker']]}'s {name} in fiscal {filing['fiscal_year']}?"
    result = ask(finrag, question, include_numbers=False)
    cited = [citation.passage.accession for citation in result.answer.citations if citation.is_cited]
    assert cited == [filing["accession"]]
    columns, _, row = result.answer.markdown.split("\n")[-3:]
    assert filing["period_end"][:4] in columns.split("|")[2]
    value = Decimal(re.sub(r"[^\d.]", "", row.split("|")[2]))
    stated = Decimal(filing["values"][VALUES[name]]["value"])
    assert value in {stated / scale for scale in (1, 1_000, 1_000_000)}


@pytest.mark.parametrize("filing", FILINGS, ids=[filing["accession"] for filing in FILINGS])
def test_citations_are_of_the_filing_asked_for(finrag: FinRAG, filing: dict[str, Any]) -> None:
    result = ask(finrag, f"What risks does {SHORT_NAMES[filing['ticker']]} describe in {filing['fiscal_year']}?")
    assert result.answer.is_answered
    assert {citation.passage.accession for citation in result.answer.citations} == {filing["accession"]}
    assert result.scope.fiscal_years == (filing["fiscal_year"],)


def test_latest_year_is_answered_and_said_when_none_is_named(finrag: FinRAG) -> None:
    result = ask(finrag, "What are Orquenna's main risk factors?")
    latest = max(filing["fiscal_year"] for filing in FILINGS if filing["ticker"] == "ORQN")
    assert {citation.passage.fiscal_year for citation in result.answer.citations} == {latest}
    assert any(str(latest) in note for note in result.scope.notes)


@pytest.mark.parametrize("year", [2015, 2019, 2026])
def test_year_that_is_not_covered_is_left_unanswered(finrag: FinRAG, year: int) -> None:
    result = ask(finrag, f"What was Orquenna's revenue in {year}?")
    assert not result.answer.is_answered
    assert result.answer.citations == ()
    assert str(year) in result.answer.markdown
    assert "2022–2024" in result.answer.markdown


@pytest.mark.parametrize("question", ["What was Tesla's revenue?", "Revenue of Microsoft in 2024", "Did Tesla grow?"])
def test_company_that_is_not_covered_is_left_unanswered(finrag: FinRAG, question: str) -> None:
    result = ask(finrag, question)
    assert not result.answer.is_answered
    assert "not among the companies covered" in result.answer.markdown
    assert "Orquenna" in result.answer.markdown


@pytest.mark.parametrize("question", ["asdf qwer zxcv", "What is the weather tomorrow?", "Orquenna's Martian colonies"])
def test_question_of_other_things_is_left_unanswered(finrag: FinRAG, question: str) -> None:
    result = ask(finrag, question)
    assert not result.answer.is_answered
    assert result.answer.markdown.startswith("Not in the filings.")


def test_partial_answer_names_what_is_missing(finrag: FinRAG) -> None:
    result = ask(finrag, "Compare the risk factors of Orquenna and Tesla in 2024")
    assert result.answer.is_answered
    assert "Tesla is not among the companies covered." in result.scope.notes


def test_filing_with_no_part_in_the_answer_is_named(finrag: FinRAG) -> None:
    result = ask(finrag, "What does the patent suit of Karvelle Analytics claim?", Filters(tickers=("ORQN", "HBLW")))
    assert result.answer.is_answered
    assert {citation.passage.ticker for citation in result.answer.citations if citation.is_cited} == {"ORQN"}
    assert "No passage that answers this was found for Hibbelwick" in result.answer.markdown


def test_companies_compared_speak_each_for_itself(finrag: FinRAG) -> None:
    result = ask(finrag, "Compare the cybersecurity of Orquenna and Tarrendray in 2024")
    assert {citation.passage.ticker for citation in result.answer.citations if citation.is_cited} == {"ORQN", "TDRY"}


def test_item_asked_for_by_number_is_the_only_one_cited(finrag: FinRAG) -> None:
    result = ask(finrag, "What does Item 2 of Orquenna's 10-K for 2024 say?")
    assert result.answer.is_answered
    assert {citation.passage.item for citation in result.answer.citations} == {"2"}


def test_item_a_filing_lacks_is_named_in_the_abstention(finrag: FinRAG) -> None:
    result = ask(finrag, "What does Orquenna say about competition?", Filters(items=("9C",), fiscal_years=(2024,)))
    assert not result.answer.is_answered
    assert "Item 9C" in result.answer.markdown


@pytest.mark.parametrize("top_k", [1, 5, 50])
def test_no_more_passages_are_listed_than_asked_for(finrag: FinRAG, top_k: int) -> None:
    result = finrag.ask(Question("What was Orquenna's net income in 2024?", top_k=top_k))
    assert 1 <= len(result.answer.citations) <= top_k


def test_every_stage_is_timed(finrag: FinRAG) -> None:
    timings = ask(finrag, "What are Orquenna's main risk factors?").timings_ms
    assert list(timings) == ["understanding", "facts", "retrieval", "answering"]
    assert all(milliseconds >= 0 for milliseconds in timings.values())


def test_an_item_that_only_points_elsewhere_is_said_to_hold_no_text(finrag: FinRAG) -> None:
    result = ask(finrag, "What does Item 11 of Orquenna's 2023 10-K say about compensation?")
    assert any("Item 11" in note and "incorporated by reference" in note for note in result.scope.notes)


def test_items_read_whole_are_not_doubted(finrag: FinRAG) -> None:
    result = ask(finrag, "What are Orquenna's risk factors in 2023?")
    assert not any("Item 1A" in note for note in result.scope.notes)


def test_a_row_is_quoted_with_the_units_of_its_table(finrag: FinRAG) -> None:
    question = "What were Orquenna's total assets in fiscal 2024?"
    markdown = ask(finrag, question, include_numbers=False).answer.markdown
    assert "in thousands" in markdown.lower()
