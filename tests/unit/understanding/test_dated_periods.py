"""Days that end a period, against the calendars of a calendar-year filer and of one with years of 52 or 53 weeks."""

from __future__ import annotations

from datetime import date

import pytest

from finrag_ml_tg1.understanding.dated_periods import name_fiscal_periods

RETAILER = [(2023, date(2024, 2, 3)), (2024, date(2025, 2, 1))]
CALENDAR = [(2023, date(2023, 12, 31))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sales for the year ended February 3, 2024", "sales for the fiscal 2023"),
        ("sales for the year ended January 28, 2023", "sales for the fiscal 2022"),
        ("sales for the fiscal year ending 2025-02-01", "sales for the fiscal 2024"),
        ("total assets as of February 1, 2025", "total assets in fiscal 2024"),
        ("total assets, February 1, 2025", "total assets, fiscal 2024"),
        ("inventories at 3 August 2024", "inventories in Q2 of fiscal 2024"),
        ("sales for the three months ended August 3, 2024", "sales for the Q2 of fiscal 2024"),
        ("sales of the six months ended August 3, 2024", "sales of the six months of fiscal 2024"),
        ("sales for the quarter ended February 3, 2024", "sales for the Q4 of fiscal 2023"),
        ("sales for the quarter ended July 2024", "sales for the Q2 of fiscal 2024"),
        ("sales for the year ended January 2025", "sales for the fiscal 2024"),
        ("sales year to date July 2024", "sales six months of fiscal 2024"),
        ("sales, YTD through August 3, 2024", "sales, six months of fiscal 2024"),
    ],
)
def test_day_names_the_period_that_ends_on_it(text: str, expected: str) -> None:
    reading = name_fiscal_periods(text, RETAILER)
    assert (reading.text, reading.problem) == (expected, None)


@pytest.mark.parametrize(
    "text",
    [
        "sales for the year ended December 31, 2024",
        "sales for the twelve months ended August 3, 2024",
        "inventories as of March 14, 2024",
        "sales for the six months ended February 3, 2024",
    ],
)
def test_day_on_which_no_such_period_ends_is_a_problem(text: str) -> None:
    reading = name_fiscal_periods(text, RETAILER)
    assert reading.text == text
    assert reading.problem is not None
    assert "2025-02-01" in reading.problem


def test_day_of_an_event_stays_as_it_is() -> None:
    text = "What did the board decide on March 14, 2024?"
    assert name_fiscal_periods(text, CALENDAR) == name_fiscal_periods(text, [])
    assert name_fiscal_periods(text, CALENDAR).text == text


@pytest.mark.parametrize("text", ["year ended February 30, 2024", "as of 13/45/2024"])
def test_day_that_no_calendar_has_is_left_alone(text: str) -> None:
    assert name_fiscal_periods(text, CALENDAR).text == text
