"""Where texts name periods, and which period is told from another."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.understanding.conversation.period_places import find_shift, in_words, period_places
from finrag_ml_tg1.understanding.periods import find_periods


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("revenue in fiscal 2022?", ["in fiscal 2022"]),
        ("revenue from 2018 to 2020?", ["from 2018 to 2020"]),
        ("revenue in Q3 of fiscal 2023", ["in Q3 of fiscal 2023"]),
        ("fy22?", ["fy22"]),
        ("nine months ended September 30, 2023", ["nine months ended September 30, 2023"]),
        ("over the last five years", ["over the last five years"]),
        ("compared to 2019", ["compared to 2019"]),
        ("the 2025 senior notes", []),
        ("about tariffs", []),
    ],
)
def test_periods_are_found_with_the_words_that_lead_to_them(text: str, named: list[str]) -> None:
    assert [text[start:end] for start, end in period_places(text)] == named


@pytest.mark.parametrize(
    ("before", "text", "meant"),
    [
        ("in 2022", "the year before", "in fiscal 2021"),
        ("in 2022", "two years later", "in fiscal 2024"),
        ("from 2019 to 2021", "the previous year", "in fiscal 2018"),
        ("in 2022", "the previous two years", "in 2020 and 2021"),
        ("in Q1 2023", "the prior quarter", "in Q4 of fiscal 2022"),
        ("in Q4 2022", "the next quarter", "in Q1 of fiscal 2023"),
        ("in Q2 2023", "the same quarter a year earlier", "in Q2 of fiscal 2022"),
        ("in Q2 2023", "the full year", "in fiscal 2023"),
        ("", "the year before", "in the year before the latest"),
        ("in 2022", "the prior quarter", None),
    ],
)
def test_period_is_told_from_the_one_before(before: str, text: str, meant: str | None) -> None:
    shift = find_shift(text)
    assert shift is not None
    assert shift.words_from(find_periods(before)) == meant


@pytest.mark.parametrize("years", [(2022,), (2020, 2022), (2019, 2020, 2021)])
@pytest.mark.parametrize("part", ["FY", "Q2", "H1", "9M"])
def test_words_for_periods_are_read_as_these(years: tuple[int, ...], part: str) -> None:
    read = find_periods(in_words(years, part))
    assert (read.years, read.fiscal_period) == (years, part)
