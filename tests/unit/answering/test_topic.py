"""When an item as such is asked for, and when something in it."""

from __future__ import annotations

import numpy as np
import pytest

from finrag_ml_tg1.answering.topic import read_topic
from finrag_ml_tg1.index.lexical import CorpusStatistics

NO_WORDS = CorpusStatistics(1_000, 1_000, 100 * 1_000, np.empty(0, np.uint64), np.empty(0, np.uint32))


@pytest.mark.parametrize(
    ("question", "is_whole"),
    [
        ("What are the main risk factors?", True),
        ("How did the risk factors change between 2021 and 2022?", True),
        ("Which risk factors name tariffs?", False),
        ("How did revenue change?", False),
    ],
)
def test_item_is_asked_for_as_such_where_nothing_in_it_is_named(question: str, is_whole: bool) -> None:
    assert bool(read_topic(question, NO_WORDS).whole_items) == is_whole


@pytest.mark.parametrize("text", ["Two plants were closed.", "The closure of two plants.", "Closing of two plants."])
def test_verb_and_noun_are_one_word(text: str) -> None:
    assert read_topic("Did it close plants?", NO_WORDS).word_share(text) == 1.0


def test_words_of_asking_are_asked_where_there_are_no_others() -> None:
    topic = read_topic("When does the fiscal year end?", NO_WORDS)
    assert topic.word_share("The fiscal year ends on the last Sunday of January.") == 1.0
    assert "fiscal" not in read_topic("Sales of fiscal 2024", NO_WORDS).weights
