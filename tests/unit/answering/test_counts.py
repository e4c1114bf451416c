"""A count stands next to the name of what is counted, whatever people are called who are employed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from finrag_ml_tg1.answering.counts import asks_for_count, gain_of_count, is_money_for_things
from finrag_ml_tg1.facts.fact_set import FactSet
from tests.unit.answering.prompts.evidence import revenue

ASKED = "How many employees does it have?"


@pytest.mark.parametrize(
    "sentence",
    [
        "We employed 1,184 people at the end of the year.",
        "Our workforce was approximately 1,184 with 15% located abroad.",
        "There were 1,184 full-time employees.",
        "We had nine employees in 2024.",
    ],
)
def test_number_of_the_people_employed_is_a_count(sentence: str) -> None:
    assert gain_of_count(ASKED, sentence) > 0


@pytest.mark.parametrize(
    "sentence",
    [
        "The employee stock purchase plan permits employees to buy stock at 95% of its price.",
        "About 15% of our employees work abroad.",
        "In 2024 employees built instruments.",
        "We paid $1,184 to employees.",
    ],
)
def test_share_or_year_or_money_is_no_count(sentence: str) -> None:
    assert gain_of_count(ASKED, sentence) == 0


def test_count_of_all_is_better_than_of_some() -> None:
    total = gain_of_count(ASKED, "Our total workforce was approximately 1,184.")
    assert total > gain_of_count(ASKED, "Approximately 300 employees are members of unions.") > 0


def test_count_is_of_the_thing_asked() -> None:
    assert gain_of_count("How many stores are there?", "We operate 2,300 stores.") > 0
    assert gain_of_count("How many stores are there?", "We have 2,300 employees.") == 0
    assert gain_of_count("Where are the stores?", "We operate 2,300 stores.") == 0


def test_headcount_may_be_told_in_words_and_how_many_may_not() -> None:
    assert asks_for_count("How many stores are there?")
    assert not asks_for_count("How does it describe its headcount?")


def test_value_of_things_is_not_their_number() -> None:
    [stated] = revenue().facts
    line = FactSet((replace(stated, metric="", label="Restaurants"),))
    assert is_money_for_things("How many restaurants are there?", line)
    assert not is_money_for_things("How many millions of dollars are the restaurants worth?", line)
    assert not is_money_for_things("What are restaurants?", line)
    assert not is_money_for_things("How many sales are there?", revenue())
    assert not is_money_for_things("How many restaurants are there?", FactSet())
