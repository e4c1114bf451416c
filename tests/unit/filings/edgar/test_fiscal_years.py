"""Known labels of real filers, from the covers of their filings; the answer has to contain them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.edgar.fiscal_years import possible_fiscal_years


def _years(
    period_end: date | None, *, annual: bool = True, year_ends: tuple[date, ...] = (), fiscal_year_end: str = ""
) -> frozenset[int]:
    filed = (period_end or date(1996, 3, 1)) + timedelta(days=60)
    return possible_fiscal_years(period_end, filed, annual=annual, year_ends=year_ends, fiscal_year_end=fiscal_year_end)


@pytest.mark.parametrize(
    ("period_end", "label"),
    [
        (date(2023, 9, 30), 2023),  # Apple
        (date(2024, 6, 30), 2024),  # Microsoft
        (date(2024, 1, 28), 2024),  # NVIDIA names the year it ends in
        (date(2024, 2, 3), 2023),  # Macy's the one before
        (date(2022, 1, 1), 2021),  # a year of 52 weeks
    ],
)
def test_annual_report_may_carry_the_label_its_filer_gave_it(period_end: date, label: int) -> None:
    assert label in _years(period_end)


def test_annual_report_of_a_year_that_ends_late_has_one_label() -> None:
    assert _years(date(2023, 12, 31)) == {2023}


@pytest.mark.parametrize(
    ("period_end", "fiscal_year_end", "label"),
    [
        (date(2023, 12, 30), "0928", 2024),  # Apple, first quarter
        (date(2024, 4, 28), "0126", 2025),  # NVIDIA, first quarter
        (date(2023, 4, 29), "0203", 2023),  # Macy's, first quarter
        (date(2023, 9, 30), "1231", 2023),
        (date(2024, 3, 31), "0630", 2024),  # Microsoft, third quarter
    ],
)
def test_quarter_may_carry_the_label_of_the_year_it_is_in(period_end: date, fiscal_year_end: str, label: int) -> None:
    years = _years(period_end, annual=False, fiscal_year_end=fiscal_year_end)

    assert label in years
    assert len(years) <= 2


def test_quarter_follows_the_annual_reports_when_the_year_end_has_moved_since() -> None:
    # June years until 2022, December now: the quarter to September 2021 was of the year to June 2022.
    years = _years(
        date(2021, 9, 30), annual=False, year_ends=(date(2021, 6, 30), date(2022, 6, 30)), fiscal_year_end="1231"
    )

    assert years == {2021, 2022}


@pytest.mark.parametrize("fiscal_year_end", ["", "1340", "9999", "12"])
def test_quarter_of_a_filer_without_known_year_end_may_be_of_three_years(fiscal_year_end: str) -> None:
    assert _years(date(2021, 9, 30), annual=False, fiscal_year_end=fiscal_year_end) == {2020, 2021, 2022}


def test_report_without_period_is_placed_by_its_date_of_filing() -> None:
    assert {1995, 1996} <= _years(None)


@given(
    end_month=st.integers(1, 12),
    year=st.integers(1995, 2030),
    quarter=st.integers(1, 3),
    drift=st.integers(-6, 6),
    is_known=st.booleans(),
)
def test_quarter_of_any_calendar_contains_both_usual_labels(
    end_month: int, year: int, quarter: int, drift: int, is_known: bool
) -> None:
    year_end = date(year, end_month, 28)
    months = year * 12 + end_month - 1 - 3 * (4 - quarter)
    period_end = date(months // 12, months % 12 + 1, 28) + timedelta(days=drift)

    years = _years(
        period_end,
        annual=False,
        year_ends=(year_end,) if is_known else (),
        fiscal_year_end=f"{end_month:02d}30",
    )

    assert year in years
    assert end_month > 6 or year - 1 in years
