"""Years told by their distance from the latest."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.understanding.periods import find_periods, without_periods


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("net income two years ago", 2),
        ("revenue 3 years ago", 3),
        ("revenue the year before last", 1),
        ("revenue in the year prior to the last one", 1),
        ("capex in the last two years", 0),
        ("net income in 2021, two years ago", 0),
        ("revenue compared to a year ago", 0),
    ],
)
def test_years_ago_are_counted_from_the_latest(question: str, expected: int) -> None:
    assert find_periods(question).years_ago == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("revenue last year vs this year", 2),
        ("this year's revenue", 1),
        ("In which year was revenue highest?", 40),
        ("What fiscal year had the lowest net income?", 40),
        ("When was inventory highest?", 40),
        ("In which of the last three years was revenue highest?", 3),
        ("Which year does the report cover?", 1),
    ],
)
def test_latest_years_meant_where_none_is_named(question: str, expected: int) -> None:
    assert find_periods(question).latest == expected


@pytest.mark.parametrize("question", ["net income two years ago", "net income the year before last"])
def test_words_of_relative_years_name_no_line_item(question: str) -> None:
    assert without_periods(question).replace(",", " ").split() == ["net", "income"]
