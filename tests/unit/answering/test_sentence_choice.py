"""Chosen sentences say different things, are few, and are never quoted twice."""

from __future__ import annotations

from finrag_ml_tg1.answering.quotation import Statement
from finrag_ml_tg1.answering.sentence_choice import choose_sentences
from tests.unit.answering.passages import make_passage

FIRST = "Pump sales rose 9% as laboratories reopened."
SECOND = "The increase was due to orders from hospitals."
AGAIN = "Pump sales rose 9% as the laboratories reopened."
BEFORE = "Pump sales rose 4.5% as laboratories reopened."
OTHER = "Valve prices were cut twice in spring."
PASSAGE = make_passage(" ".join((FIRST, SECOND, AGAIN, BEFORE, OTHER)))


def statement(words: str, fit: float, since: str = "") -> Statement:
    text = PASSAGE.text
    return Statement(0, text.index(since or words), text.index(words) + len(words), fit)


def texts(chosen: list[Statement]) -> list[str]:
    return [PASSAGE.text[part.start : part.end] for part in chosen]


def choose(*candidates: Statement, count: int = 4, max_words: int = 100, least_share: float = 0.5) -> list[str]:
    return texts(choose_sentences(candidates, [PASSAGE], count=count, max_words=max_words, least_share=least_share))


def test_the_same_said_twice_is_quoted_once() -> None:
    assert choose(statement(FIRST, 1.0), statement(AGAIN, 0.9), statement(OTHER, 0.8)) == [FIRST, OTHER]


def test_the_same_said_of_other_figures_is_no_repetition() -> None:
    assert choose(statement(FIRST, 1.0), statement(BEFORE, 0.9)) == [FIRST, BEFORE]


def test_a_statement_with_the_one_before_it_takes_its_place() -> None:
    assert choose(statement(FIRST, 1.0), statement(SECOND, 0.9, since=FIRST)) == [f"{FIRST} {SECOND}"]


def test_one_that_fits_much_worse_than_the_best_is_left_out() -> None:
    assert choose(statement(FIRST, 1.0), statement(OTHER, 0.4)) == [FIRST]


def test_the_best_is_quoted_whatever_its_length_and_no_more_than_fits() -> None:
    assert choose(statement(FIRST, 1.0), statement(OTHER, 0.9), max_words=3) == [FIRST]


def test_no_more_are_quoted_than_asked_for() -> None:
    assert choose(statement(FIRST, 1.0), statement(OTHER, 0.9), count=1) == [FIRST]


def test_nothing_is_chosen_of_nothing() -> None:
    assert choose() == []
