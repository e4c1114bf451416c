"""Passages answer when they are like the question; advice and other companies' affairs they never answer."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.answering.evidence_strength import evidence_strength
from finrag_ml_tg1.answering.topic import read_topic
from finrag_ml_tg1.index.lexical import Postings, build_postings
from tests.unit.answering.passages import make_passage

PASSAGE = make_passage("Pump sales rose because laboratories reopened.")
CORPUS = Postings(build_postings([PASSAGE.text, "Valves are made in spring."])).statistics()


def strength(question: str, alike: float = 0.8, *, names_company: bool = True) -> float:
    return evidence_strength(read_topic(question, CORPUS), [PASSAGE], [alike], alike, names_company=names_company)


def test_evidence_is_stronger_the_more_alike() -> None:
    assert strength("Why did pump sales rise?", 0.8) > strength("Why did pump sales rise?", 0.2)


def test_more_is_asked_of_the_evidence_where_no_company_is_named() -> None:
    question = "Why did pump sales rise?"
    assert strength(question, names_company=False) < strength(question)


@pytest.mark.parametrize(
    "question",
    ["Should I buy shares of the pump maker?", "Are pump makers a good buy?", "Will the stock price double?"],
)
def test_advice_is_not_in_the_filings(question: str) -> None:
    assert strength(question, 1.0) < 0


def test_affairs_of_a_company_that_is_not_covered_are_not_in_the_filings() -> None:
    assert strength("what were karvelle's pump sales", 1.0, names_company=False) < 0
    assert strength("what were the company's pump sales", 1.0, names_company=False) > 0


def test_no_passages_are_no_evidence() -> None:
    assert evidence_strength(read_topic("Pumps", CORPUS), [], [], 0.0, names_company=True) < 0
