"""Parts of a fiscal year as people write them."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.understanding.part_of_year import fiscal_part, unread_part


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("first-half 2023 cash flow", "H1"),
        ("first half of 2023", "H1"),
        ("1H23", "H1"),
        ("six-month period", "H1"),
        ("second half of 2023", "H2"),
        ("H2 2023", "H2"),
        ("nine-month revenue", "9M"),
        ("2023 q2 ytd", "H1"),
        ("Q3 year-to-date", "9M"),
        ("latest quarter", "Q"),
        ("most recent quarterly net income", "Q"),
        ("quarterly net income", "quarters"),
        ("fiscal 2023", "FY"),
        ("quarterly dividend", "FY"),
    ],
)
def test_part_of_the_year_is_read(text: str, part: str) -> None:
    assert fiscal_part(text) == part
    assert unread_part(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("TTM revenue", "Twelve months"),
        ("trailing twelve months June 2023", "Twelve months"),
        ("revenue over the last 12 months", "Twelve months"),
        ("LTM EBITDA", "Twelve months"),
        ("YTD revenue", "year to date"),
        ("revenue year to date", "year to date"),
        ("June quarter revenue", "Which part"),
        ("revenue of the last two quarters", "Which part"),
    ],
)
def test_part_that_is_not_understood_is_never_the_year(text: str, words: str) -> None:
    reason = unread_part(text)
    assert reason is not None
    assert words in reason


@pytest.mark.parametrize("text", ["a quarter of revenue", "headquarters", "twelve months ended June 30, 2024", "half"])
def test_words_that_name_no_part_are_left_alone(text: str) -> None:
    assert unread_part(text) is None
