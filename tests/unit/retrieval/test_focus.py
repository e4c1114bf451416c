"""What is looked for: words asked, the filing's words for them, and the statements and items that probably hold it."""

from __future__ import annotations

import numpy as np
import pytest

from finrag_ml_tg1.index.lexical import CorpusStatistics, split_terms
from finrag_ml_tg1.retrieval.focus import Focus, read_focus
from finrag_ml_tg1.scope import Scope

NO_WORDS = CorpusStatistics(1_000, 1_000, 100 * 1_000, np.empty(0, np.uint64), np.empty(0, np.uint32))


def focus(question: str, *metrics: str, named_years: bool = False) -> Focus:
    scope = Scope(question, asked=question, metrics=metrics, accessions=(("a",),))
    return read_focus(question, scope, NO_WORDS, is_of_named_years=named_years)


@pytest.mark.parametrize(
    ("question", "metrics", "statements"),
    [
        ("What were total assets?", ["total_assets"], {"balance"}),
        ("What was the quick ratio?", ["quick_ratio"], {"balance"}),
        ("What was the asset turnover?", ["asset_turnover"], {"balance", "income"}),
        ("How much capex was there?", ["capital_expenditures"], {"cash flow"}),
        ("What is the largest liability in the balance sheet?", [], {"balance"}),
        ("Using the P&L and the statement of cash flows, what are margins?", ["gross_margin"], {"income", "cash flow"}),
        ("Who are the competitors?", [], set()),
    ],
)
def test_statements_are_those_that_print_what_is_asked(question: str, metrics: list[str], statements: set[str]) -> None:
    assert set(focus(question, *metrics).statements) == statements


def test_a_statement_is_less_sure_the_more_is_asked_beside_its_lines() -> None:
    alone = focus("What was revenue?", "revenue").statements["income"]
    beside = focus("Did any single wholesaler buy much of the revenue in Belgium?", "revenue").statements["income"]
    assert alone == 1
    assert beside < 0.5


def test_reasons_are_looked_for_in_the_discussion_and_not_in_statements() -> None:
    why = focus("Why did gross margin fall?", "gross_margin")
    assert why.statements == {}
    assert {"7", "I-2"} <= why.items
    assert set(split_terms("primarily due decreased")) <= set(why.bridge)


def test_how_to_answer_is_nothing_to_look_for() -> None:
    text = "What was gross margin? If it is no useful metric, then state that and explain why."
    asked = focus(text, "gross_margin")
    assert "7" not in asked.items
    assert "explain" not in asked.terms
    assert "use" not in asked.terms


def test_condition_after_a_semicolon_is_how_to_answer() -> None:
    asked = focus("How often was inventory sold; if that is not meaningful then state that.", "inventory")
    assert "meaning" not in asked.terms
    assert set(asked.statements) == {"balance"}


def test_derived_metric_is_looked_for_by_what_it_is_calculated_from() -> None:
    assert set(split_terms("accounts receivable current liabilities")) <= set(
        focus("quick ratio", "quick_ratio").bridge
    )


def test_plain_words_are_bridged_to_the_filings_words() -> None:
    assert set(split_terms("legal proceedings litigation")) <= set(focus("Is there any lawsuit?").bridge)
    assert focus("zzz qqq").bridge == ()


def test_years_are_no_words_where_the_scope_is_theirs() -> None:
    assert "2023" not in focus("stores opened in 2023", named_years=True).terms
    assert "2023" in focus("stores opened in 2023").terms


@pytest.mark.parametrize("question", ["What?", "2023", "", "please tell me"])
def test_question_without_telling_words_has_a_focus_all_the_same(question: str) -> None:
    assert focus(question, named_years=True).text == question


def test_condition_that_opens_the_question_is_part_of_it() -> None:
    asked = focus("If gross margin declined, explain the main reasons.", "gross_margin")
    assert {"gross", "margin", "declin"} <= set(asked.terms)
