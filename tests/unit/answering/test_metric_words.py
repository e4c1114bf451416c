"""A question for a plain number is told from one that asks more than numbers tell."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.answering.metric_words import asks_beside_metrics, row_names
from finrag_ml_tg1.answering.topic import read_topic
from finrag_ml_tg1.index.lexical import Postings, build_postings

CORPUS = Postings(build_postings(["Revenue and gross margin of pumps", "gross profit"])).statistics()


@pytest.mark.parametrize(
    "question", ["What was revenue in fiscal 2023?", "Total revenue for the year", "Revenue growth"]
)
def test_question_for_a_metric_asks_nothing_beside_it(question: str) -> None:
    assert not asks_beside_metrics(read_topic(question, CORPUS), ("revenue",))


@pytest.mark.parametrize("question", ["What revenue was predicted for pumps?", "How did the strike hurt revenue?"])
def test_question_with_other_words_asks_more(question: str) -> None:
    assert asks_beside_metrics(read_topic(question, CORPUS), ("revenue",))


def test_rows_of_a_ratio_are_those_it_is_calculated_from() -> None:
    names = row_names(read_topic("Is the gross margin improving?", CORPUS), ("gross_margin",))
    assert frozenset({"gross", "profit"}) in names


def test_no_rows_are_wanted_when_the_reason_is_asked() -> None:
    assert row_names(read_topic("Why did the gross margin improve?", CORPUS), ("gross_margin",)) == ()
