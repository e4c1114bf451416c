"""Fiscal years: ground truth is the published retail (4-5-4) calendar and plain month ends."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.fiscal_calendar import FiscalCalendar, find_saturday_nearest

RETAIL = FiscalCalendar("saturday nearest january 31")


@pytest.mark.parametrize(
    ("label", "start", "end", "weeks"),
    [
        (2017, date(2017, 1, 29), date(2018, 2, 3), 53),
        (2018, date(2018, 2, 4), date(2019, 2, 2), 52),
        (2022, date(2022, 1, 30), date(2023, 1, 28), 52),
        (2023, date(2023, 1, 29), date(2024, 2, 3), 53),
        (2024, date(2024, 2, 4), date(2025, 2, 1), 52),
    ],
)
def test_retail_year_is_that_of_the_4_5_4_calendar(label: int, start: date, end: date, weeks: int) -> None:
    year = RETAIL.find_year(label)

    assert (year.start, year.end, year.weeks) == (start, end, weeks)


def test_no_year_between_2017_and_2023_has_53_weeks() -> None:
    assert [label for label in range(2017, 2024) if RETAIL.find_year(label).weeks == 53] == [2017, 2023]


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_nearest_saturday_is_a_saturday_within_three_days(day: date) -> None:
    found = find_saturday_nearest(day)

    assert found.isoweekday() == 6
    assert abs((found - day).days) <= 3


def test_month_end_years_have_365_days_or_366() -> None:
    june = FiscalCalendar("june").find_year(2024)

    assert (june.start, june.end, june.days) == (date(2023, 7, 1), date(2024, 6, 30), 366)
    assert FiscalCalendar("december").find_year(2023).days == 365


def test_cybersecurity_item_begins_with_years_ending_on_15_december_2023() -> None:
    assert not FiscalCalendar("june").find_year(2023).reports_cybersecurity
    assert FiscalCalendar("december").find_year(2023).reports_cybersecurity
    assert RETAIL.find_year(2023).reports_cybersecurity
    assert not RETAIL.find_year(2022).reports_cybersecurity
