"""When an item as such is asked for, and when something in it."""

from __future__ import annotations

import numpy as np
import pytest

from finrag_ml_tg1.answering.topic import read_topic
from finrag_ml_tg1.index.lexical import CorpusStatistics

NO_WORDS = CorpusStatistics(1_000, 100.0, np.empty(0, np.uint64), np.empty(0, np.int64))


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
