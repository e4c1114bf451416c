"""Questions in a conversation are answered as what they mean, and the answer says how they were read."""

from __future__ import annotations

from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question, Turn

EARLIER = (
    Turn("user", "What were Orquenna's total assets in fiscal 2024?"),
    Turn("assistant", "Hibbelwick's total assets were $1 [1]."),
)


def test_follow_up_is_answered_as_the_question_it_means(finrag: FinRAG) -> None:
    result = finrag.ask(Question("and net income in 2023?", history=EARLIER))
    alone = finrag.ask(Question("What was Orquenna's net income in 2023?"))
    assert result.answer.is_answered
    assert result.answer.markdown == alone.answer.markdown
    assert result.scope.accessions == alone.scope.accessions
    assert result.scope.notes == ("Read as: “What was Orquenna's net income in 2023?”", *alone.scope.notes)
    assert result.question.as_asked == "and net income in 2023?"


def test_passages_are_searched_for_what_a_follow_up_means(finrag: FinRAG) -> None:
    result = finrag.ask(Question("What are the main risk factors?", history=EARLIER))
    assert {citation.passage.company for citation in result.answer.citations} == {
        "Orquenna Instruments, Inc. (fictional)"
    }
    assert result.scope.fiscal_years == (2024,)
    assert result.scope.notes[0] == "Read as: “What are the main risk factors at Orquenna in fiscal 2024?”"


def test_nothing_is_said_of_a_question_that_stands_for_itself(finrag: FinRAG) -> None:
    text = "What was Hibbelwick's net income in fiscal 2024?"
    result = finrag.ask(Question(text, history=EARLIER))
    assert result.question == Question(text)
    assert not any(note.startswith("Read as") for note in result.scope.notes)
