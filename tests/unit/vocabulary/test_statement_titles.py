from __future__ import annotations

import pytest

from finrag_ml_tg1.vocabulary.statements import STATEMENTS, statement_of_title, statements_of_line_items


@pytest.mark.parametrize(
    ("title", "statement"),
    [
        ("CONSOLIDATED BALANCE SHEETS", "balance"),
        ("Consolidated Statement of Financial Position", "balance"),
        ("Consolidated Statements of Operations", "income"),
        ("Statements of Consolidated Income", "income"),
        ("CONSOLIDATED STATEMENTS OF EARNINGS", "income"),
        ("Consolidated Statements of Operations and Comprehensive Loss", "income"),
        ("Consolidated Statements of Cash Flows", "cash flow"),
        ("Statements of Consolidated Cash Flows", "cash flow"),
        ("STATEMENT OF EARNINGS (LOSS)", "income"),
        ("Consolidated Statements of Comprehensive Income", "comprehensive income"),
        ("Consolidated Statements of Shareholders’ Equity", "equity"),
        ("Consolidated Statement of Shareholders’ Investment", "equity"),
        ("Statement of Changes in Shareholders' Equity", "equity"),
        ("Statements of Financial Condition", "balance"),
        ("Off-Balance Sheet Arrangements", "none"),
        ("Supplemental balance sheet information related to leases", "none"),
        ("Notes to Consolidated Financial Statements", "none"),
        ("Cash and Cash Equivalents", "none"),
        ("", "none"),
    ],
)
def test_a_title_names_its_statement(title: str, statement: str) -> None:
    assert statement_of_title(title) == statement
    assert statement in STATEMENTS


def test_a_sentence_that_mentions_a_statement_is_no_title() -> None:
    assert statement_of_title("The balance sheets above " + "and the notes to them " * 9) == "none"


@pytest.mark.parametrize(
    ("question", "statements"),
    [
        ("What were total assets at year end?", {"balance"}),
        ("Net sales and inventories", {"income", "balance"}),
        ("How high were capital expenditures?", {"cash flow"}),
        ("Net sales by segment", set()),
        ("Who oversees cybersecurity?", set()),
    ],
)
def test_a_line_item_hints_at_its_statement_unless_a_breakdown_is_asked(question: str, statements: set[str]) -> None:
    assert statements_of_line_items(question) == statements
