"""What is asked of a company is told of the company before its segments."""

from __future__ import annotations

import numpy as np
import pytest

from finrag_ml_tg1.answering.topic import read_topic
from finrag_ml_tg1.answering.whole_company import gain_of_whole
from finrag_ml_tg1.index.lexical import CorpusStatistics
from tests.unit.answering.passages import make_passage

NO_WORDS = CorpusStatistics(1_000, 1_000, 100 * 1_000, np.empty(0, np.uint64), np.empty(0, np.uint32))
ASKED = "Why did revenue fall?"


def gain(question: str, sentence: str, heading: str = "Results of operations") -> float:
    return gain_of_whole(read_topic(question, NO_WORDS), make_passage(sentence, heading=heading), sentence)


@pytest.mark.parametrize(
    "sentence",
    ["Orquenna revenues decreased 3%.", "Total revenues decreased 3%.", "Consolidated sales decreased due to prices."],
)
def test_company_gains_over_a_part(sentence: str) -> None:
    assert gain(ASKED, sentence) > gain(ASKED, "Pump revenues decreased 3%.") == 0


def test_passage_on_segments_loses() -> None:
    assert gain(ASKED, "Revenues decreased 3%.", "Segment information > Pumps") < 0


def test_nothing_is_lost_where_a_part_is_asked() -> None:
    assert gain("Why did pump revenue fall?", "Pump revenues decreased.", "Segment information > Pumps") == 0
