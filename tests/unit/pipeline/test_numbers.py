"""Numbers of the sample filings, against what their generator says they contain."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from finrag_ml_tg1.events import Result
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question
from tests.sample_index import ground_truth

SHORT_NAMES = {"ORQN": "Orquenna", "HBLW": "Hibbelwick", "TDRY": "Tarrendray"}
FILINGS = ground_truth()
WORDS = {
    "us-gaap:Assets": ("total assets", "assets"),
    "us-gaap:NetIncomeLoss": ("net income", "bottom line", "net profit"),
    "us-gaap:GrossProfit": ("gross profit",),
    "us-gaap:OperatingIncomeLoss": ("operating income", "EBIT"),
    "us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax": ("revenue", "top line", "net sales"),
}
ASKED = [
    pytest.param(filing, concept, word, id=f"{filing['ticker']}-{filing['fiscal_year']}-{word}")
    for filing in FILINGS
    for concept, words in WORDS.items()
    for word in words
    if concept in filing["values"]
]


def ask(finrag: FinRAG, text: str) -> Result:
    return finrag.ask(Question(text, include_passages=False))


def stated(ticker: str, year: int, concept: str) -> Decimal:
    filing = next(part for part in FILINGS if part["ticker"] == ticker and part["fiscal_year"] == year)
    return Decimal(filing["values"][concept]["value"])


@pytest.mark.parametrize(("filing", "concept", "word"), ASKED)
def test_value_is_the_tagged_one_of_the_year_asked(
    finrag: FinRAG, filing: dict[str, Any], concept: str, word: str
) -> None:
    result = ask(finrag, f"What was {SHORT_NAMES[filing['ticker']]}'s {word} in fiscal {filing['fiscal_year']}?")
    fact = result.found.facts[0].fact
    assert fact.value == Decimal(filing["values"][concept]["value"])
    assert fact.period_end.isoformat() == filing["period_end"]
    assert fact.accession == filing["accession"]


def test_citation_highlights_the_number_as_printed(finrag: FinRAG) -> None:
    result = ask(finrag, "What were Orquenna's total assets in fiscal 2024?")
    citation = result.answer.citations[0]
    start, end = citation.highlights[0]
    printed = Decimal(citation.passage.text[start:end].replace(",", "").strip("$ "))
    assert stated("ORQN", 2024, "us-gaap:Assets") / printed in (1, 1_000, 1_000_000)
    assert "[1]" in result.answer.markdown


def test_margin_is_calculated_from_its_two_facts(finrag: FinRAG) -> None:
    calculation = ask(finrag, "What was Hibbelwick's gross margin in fiscal 2024?").found.calculations[0]
    gross, revenue = (
        stated("HBLW", 2024, "us-gaap:GrossProfit"),
        stated("HBLW", 2024, "us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax"),
    )
    assert calculation.value == gross / revenue
    assert [used.fact.value for used in calculation.inputs] == [gross, revenue]
    assert calculation.formula == "Gross profit ÷ Revenue"


def test_growth_is_from_the_year_before(finrag: FinRAG) -> None:
    calculation = ask(finrag, "How much did Orquenna's revenue grow in fiscal 2024?").found.calculations[0]
    concept = "us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax"
    first, last = stated("ORQN", 2023, concept), stated("ORQN", 2024, concept)
    assert calculation.value == (last - first) / first


def test_segment_is_read_by_its_name(finrag: FinRAG) -> None:
    filing = next(part for part in FILINGS if part["ticker"] == "HBLW" and part["fiscal_year"] == 2024)
    result = ask(finrag, "What was Hibbelwick's Online segment revenue in fiscal 2024?")
    assert result.found.facts[0].fact.value == Decimal(filing["segments"]["Online"]["revenue"])


def test_segments_are_not_added_to_the_total(finrag: FinRAG) -> None:
    filing = next(part for part in FILINGS if part["ticker"] == "HBLW" and part["fiscal_year"] == 2024)
    result = ask(finrag, "Hibbelwick revenue by segment in fiscal 2024")
    values = {used.fact.value for used in result.found.facts}
    assert values == {Decimal(segment["revenue"]) for segment in filing["segments"].values()}
    assert any("add up to the total" in note for note in result.found.notes)


def test_highest_of_all_companies_comes_first(finrag: FinRAG) -> None:
    result = ask(finrag, "Which company had the highest total assets in fiscal 2024?")
    values = {
        part["ticker"]: Decimal(part["values"]["us-gaap:Assets"]["value"])
        for part in FILINGS
        if part["fiscal_year"] == 2024
    }
    assert result.found.facts[0].fact.value == max(values.values())
    assert [used.fact.value for used in result.found.facts] == sorted(values.values(), reverse=True)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("Orquenna's revenue in 2045", "2045"),
        ("Orquenna's revenue in 2023 before 2010", "contradict"),
        ("What was the net interest income of Hibbelwick in 2024?", "Net interest income"),
        ("Vexholm Industries' revenue in 2024", "Vexholm"),
    ],
)
def test_number_that_is_not_there_is_refused_with_the_reason(finrag: FinRAG, question: str, reason: str) -> None:
    result = ask(finrag, question)
    assert not result.answer.is_answered
    assert not result.found.is_found
    assert reason in result.answer.markdown


def test_figure_the_filer_defines_itself_is_not_answered_by_the_tagged_one(finrag: FinRAG) -> None:
    assert not ask(finrag, "What was Orquenna's adjusted net income in 2024?").found.is_found


def test_year_before_the_first_filing_is_read_from_its_comparative_column(finrag: FinRAG) -> None:
    result = ask(finrag, "What was Orquenna's revenue in fiscal 2021?")
    assert result.found.facts[0].fact.fiscal_year == 2021
    assert result.answer.is_answered


def test_question_without_a_company_is_not_answered_by_the_row_of_another(finrag: FinRAG) -> None:
    """Tables of the companies covered hold such rows; none of them is of the company that was meant."""
    for question in ("vexholm gross profit 2024", "gross profit, Vexholm, 2024", "VXH total assets FY24"):
        result = finrag.ask(Question(question))
        assert not result.answer.is_answered, question
        assert "Covered:" in result.answer.markdown


def test_number_asked_of_no_company_is_given_for_all_where_few_are_covered(finrag: FinRAG) -> None:
    result = ask(finrag, "What were total assets in fiscal 2024?")
    assert {used.fact.value for used in result.found.facts} == {
        Decimal(part["values"]["us-gaap:Assets"]["value"]) for part in FILINGS if part["fiscal_year"] == 2024
    }


def test_period_named_by_its_last_day_is_the_fiscal_year_that_ends_then(finrag: FinRAG) -> None:
    filing = next(part for part in FILINGS if part["ticker"] == "HBLW" and part["fiscal_year"] == 2024)
    year, month, day = filing["period_end"].split("-")
    asked = f"Hibbelwick's total assets as of {int(month)}/{int(day)}/{year}"
    assert ask(finrag, asked).found.facts[0].fact.value == Decimal(filing["values"]["us-gaap:Assets"]["value"])


def test_day_on_which_no_period_ends_is_refused(finrag: FinRAG) -> None:
    result = ask(finrag, "Orquenna's total assets as of February 11, 2024")
    assert not result.answer.is_answered
    assert "2024-02-11" in result.answer.markdown


def test_change_is_explained_by_passages_after_the_number(finrag: FinRAG) -> None:
    markdown = finrag.ask(Question("Why did Tarrendray's revenue fall in 2023?")).answer.markdown
    assert markdown.startswith("**")
    assert "rates" in markdown.lower().split("how it was calculated")[1]


def test_company_that_is_not_covered_is_named_beside_the_numbers_of_one_that_is(finrag: FinRAG) -> None:
    for question in ("Tesla vs Orquenna revenue 2024", "Compare Orquenna and Tesla revenue in 2024"):
        result = ask(finrag, question)
        assert result.found.is_found, question
        assert result.answer.markdown.endswith("Tesla is not among the companies covered."), question


def test_year_that_has_no_number_is_named_where_others_have(finrag: FinRAG) -> None:
    markdown = ask(finrag, "Hibbelwick revenue by segment in 2010 and 2024").answer.markdown
    assert "fiscal year 2010 is not covered" in markdown


def test_assumption_about_the_year_is_no_part_of_the_answer(finrag: FinRAG) -> None:
    result = ask(finrag, "What was Orquenna's revenue?")
    assert any("no year was named" in note for note in result.scope.notes)
    assert "no year was named" not in result.answer.markdown
