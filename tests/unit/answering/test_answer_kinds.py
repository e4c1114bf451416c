"""What a question wants is read from its words: a reason, the parts of a whole, what a company does."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.answering.answer_kinds import (
    asks_for_amount,
    asks_for_business,
    asks_for_reason,
    breaks_down,
    gain_by_kind,
)


@pytest.mark.parametrize(
    "question",
    [
        "Revenue by segment in fiscal 2024",
        "Break down the premium volume by part of the country",
        "Which region grew most?",
        "What was the largest liability on the balance sheet?",
        "What are the contractual obligations?",
        "Maturities of long-term debt",
    ],
)
def test_question_for_parts_of_a_whole_breaks_down(question: str) -> None:
    assert breaks_down(question)


@pytest.mark.parametrize(
    "question", ["Why did revenue fall by 3 percent?", "Who is the chief executive?", "How does it manage risk?"]
)
def test_other_question_does_not_break_down(question: str) -> None:
    assert not breaks_down(question)


@pytest.mark.parametrize(
    "question",
    [
        "What business is in?",
        "What industry does primarily operate in?",
        "What does do?",
        "Describe the business of in fiscal 2023.",
        "What are 's main products?",
    ],
)
def test_question_for_the_business_is_known_without_the_company(question: str) -> None:
    assert asks_for_business(question)


@pytest.mark.parametrize(
    "question",
    [
        "What kind of business is SRS, and how many outlets does it run?",
        "What industry risks does it face?",
        "What are the main products of the MedTech segment?",
        "How does it do business in China?",
    ],
)
def test_question_for_something_in_the_business_is_not_for_the_business(question: str) -> None:
    assert not asks_for_business(question)


@pytest.mark.parametrize("question", ["Why did sales fall?", "What drove the growth?", "What made costs rise?"])
def test_question_for_a_reason(question: str) -> None:
    assert asks_for_reason(question)


@pytest.mark.parametrize("question", ["How many people work there?", "What share of sales is in China?"])
def test_question_for_an_amount(question: str) -> None:
    assert asks_for_amount(question)


@pytest.mark.parametrize(
    ("question", "given", "other"),
    [
        ("Why did sales fall?", "Sales fell due to lower demand.", "Sales fell in the second quarter."),
        ("How much was paid?", "We paid $3.1 million.", "We paid in cash."),
        ("When does the patent expire?", "It expires in August 2017.", "It expires some day."),
        (
            "Who is the auditor?",
            "Tindle & Kervan LLP has audited the statements.",
            "Much judgment of the auditor was needed.",
        ),
        (
            "Where is it headquartered?",
            "Our principal offices are located in Sampletown, Ohio.",
            "Our headquarters could be hit by a storm.",
        ),
        (
            "Who is the chief executive?",
            "Elliott Marsh, President and Chief Executive Officer, joined us.",
            "Our Chief Executive Officer concluded that controls were effective.",
        ),
        (
            "List the main competitors.",
            "We compete with Agderly, Tindle Works, Kervan and Morpeth.",
            "We expect competition to stay intense.",
        ),
    ],
)
def test_sentence_of_the_kind_asked_for_gains(question: str, given: str, other: str) -> None:
    assert gain_by_kind(question, given) > gain_by_kind(question, other)
