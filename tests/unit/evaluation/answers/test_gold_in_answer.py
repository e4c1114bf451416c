"""What of the gold stands in an answer: the number, a sentence or row of the evidence page, its words, or a figure."""

from __future__ import annotations

from finrag_ml_tg1.evaluation.answers.asking import Given, GivenCitation
from finrag_ml_tg1.evaluation.answers.gold_in_answer import gold_place
from finrag_ml_tg1.evaluation.answers.questions import AnswerQuestion, EvidencePage

PAGE = "Total debt\n \n$ 4,231\n \n3,980\nThe rise in inventories is due\nto new shops, which we opened in May."
EVIDENCE = (EvidencePage("ORQN_2023_10K", 7, PAGE),)
WHY = AnswerQuestion("1", "Why did inventories rise?", "Openings of branches", evidence=EVIDENCE)
DEBT = AnswerQuestion("2", "What was total debt (in USD millions)?", "$4231.00", evidence=EVIDENCE)


def place(question: AnswerQuestion, answer: str, *citations: GivenCitation) -> str:
    return gold_place(question, Given(answer, True, citations))


def test_number_counts_in_any_scale_and_nothing_else_does() -> None:
    assert place(DEBT, "It was $4.231 billion. [1]") == "number"
    assert place(DEBT, "The rise in inventories is due to new shops, which we opened in May. [1]") == ""


def test_sentence_of_the_page_counts_whatever_its_line_breaks_and_marks() -> None:
    assert place(WHY, "The rise in inventories is due to new shops, which we opened in May. [1]") == "sentence"
    assert place(WHY, "The rise in inventories is due to old shops, which we opened in May. [1]") == ""


def test_row_of_the_page_counts() -> None:
    assert place(WHY, "Debt [1].\n\n| | 2023 | 2022 |\n|---|---:|---:|\n| Total debt | $ 4,231 | 3,980 |") == "row"


def test_words_that_the_question_does_not_hold_count_together() -> None:
    assert place(WHY, "More branches were opened. [1]") == "words"
    assert place(WHY, "There were more branches. [1]") == ""


def test_figure_cited_from_the_page_counts_least() -> None:
    citation = GivenCitation(1, "Total debt | $ 4,231", ((13, 20),), True)
    assert place(WHY, "Debt: $ 4,231 million [1].", citation) == "figure"
    assert place(WHY, "Debt: $ 9,999 million [1].", citation) == ""


def test_abstention_holds_nothing() -> None:
    assert gold_place(DEBT, Given("It was $4,231 million.", False)) == ""
