"""Fiscal years as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.understanding.periods import find_periods, latest_years, without_periods

YEARS = st.integers(1990, 2039)
SINGLE_FORMS = (
    "{0}",
    "FY{0}",
    "FY {0}",
    "fiscal {0}",
    "fiscal year {0}",
    "December 31, {0}",
    "Q2 {0}",
    "({0})",
    "Q3{0}",
)
SHORT_FORMS = ("FY{0:02d}", "FY {0:02d}", "FY'{0:02d}", "FY’{0:02d}", "fiscal '{0:02d}", "Q1 FY{0:02d}", "2Q{0:02d}")
RANGE_FORMS = ("{0}-{1}", "{0}–{1}", "{0} to {1}", "from {0} through {1}", "between {0} and {1}", "FY{0} to FY{1}")


@given(st.lists(st.tuples(YEARS, st.sampled_from(SINGLE_FORMS)), min_size=1, max_size=5))
def test_every_year_written_in_full_is_found(written: list[tuple[int, str]]) -> None:
    text = "What was revenue in " + ", ".join(form.format(year) for year, form in written) + "?"
    assert find_periods(text).years == tuple(sorted({year for year, _ in written}))


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(SHORT_FORMS)), min_size=1, max_size=5))
def test_every_year_written_with_two_digits_is_found(written: list[tuple[int, str]]) -> None:
    text = "What was revenue in " + " and ".join(form.format(year) for year, form in written) + "?"
    assert find_periods(text).years == tuple(sorted({2000 + year for year, _ in written}))


@given(YEARS, st.integers(0, 12), st.sampled_from(RANGE_FORMS), st.booleans())
def test_every_year_of_a_range_is_found_in_either_direction(
    first: int, length: int, form: str, is_reversed: bool
) -> None:
    last = min(first + length, 2039)
    ends = (last, first) if is_reversed else (first, last)
    assert find_periods(f"Revenue {form.format(*ends)}").years == tuple(range(first, last + 1))


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("FY 22–23", (2022, 2023)),
        ("FY22-FY24", (2022, 2023, 2024)),
        ("between FY21 and FY23", (2021, 2022, 2023)),
        ("between fiscal 2021 and fiscal 2023", (2021, 2022, 2023)),
        ("2021-23", (2021, 2022, 2023)),
        ("1998-99", (1998, 1999)),
        ("2021/22", (2021, 2022)),
        ("2022 vs. 2023", (2022, 2023)),
        ("2023 and 2021", (2021, 2023)),
        ("as of December 31, 2022", (2022,)),
        ("2021, and 2023 to 2024", (2021, 2023, 2024)),
        ("in the 10-K for 2023's results", (2023,)),
    ],
)
def test_written_years_are_read(text: str, years: tuple[int, ...]) -> None:
    assert find_periods(text).years == years


@pytest.mark.parametrize(
    "text",
    [
        "no year",
        "the latest 10-K",
        "$2,023 million",
        "$2023",
        "2,023 stores",
        "about 2023 shares",
        "2,500 employees in 5 years",
        "the 2030 notes",
        "notes due 2045",
        "ASU 2016-02",
        "Topic 2024-25",
        "1-800-555-2023",
        "Item 10",
        "12023",
    ],
)
def test_other_numbers_are_no_years(text: str) -> None:
    assert find_periods(text).years == ()


@pytest.mark.parametrize(
    ("text", "latest"),
    [
        ("last three years", 3),
        ("the past 5 fiscal years", 5),
        ("over the last ten years", 10),
        ("the latest year", 1),
        ("last year", 1),
        ("5 years", 1),
        ("revenue", 1),
    ],
)
def test_number_of_latest_years(text: str, latest: int) -> None:
    assert find_periods(text).latest == latest


@pytest.mark.parametrize(
    ("text", "is_quarterly"),
    [
        ("Q2 2023", True),
        ("Q22023", True),
        ("2Q23", True),
        ("the second quarter of 2023", True),
        ("the latest quarter", True),
        ("the 10-Q", True),
        ("quarterly report", True),
        ("Q4 2023", False),
        ("the fourth quarter", False),
        ("quarterly dividend", False),
        ("10-K 2023", False),
        ("headquarters", False),
    ],
)
def test_quarter_is_meant_when_a_quarterly_report_would_tell(text: str, is_quarterly: bool) -> None:
    assert find_periods(text).is_quarterly is is_quarterly


def test_latest_years_are_the_last_covered_ones_ascending() -> None:
    assert latest_years({2024, 2019, 2022}, 2) == (2022, 2024)
    assert latest_years({2024}, 3) == (2024,)


@pytest.mark.parametrize("text", ["2023 share repurchases", "2023 shares outstanding", "diluted shares in 2023"])
def test_year_before_shares_is_the_year_of_their_number(text: str) -> None:
    assert find_periods(text).years == (2023,)


@pytest.mark.parametrize(
    "text",
    [
        "revenue since 2022",
        "dividends paid since fiscal year 2022",
        "revenue from 2022 on",
        "revenue from FY22 onwards",
        "revenue from 2022 to date",
        "R&D since the start of 2022",
    ],
)
def test_year_that_begins_a_time_up_to_now_is_followed_by_all_later_ones(text: str) -> None:
    periods = find_periods(text)
    assert (periods.years, periods.up_to_latest) == ((2022,), "each")
    assert "2022" not in without_periods(text)


@pytest.mark.parametrize(
    "text",
    [
        "revenue vs 2023",
        "revenue compared to 2023",
        "revenue compared with FY23",
        "higher than in 2023",
        "grew from 2023",
    ],
)
def test_year_compared_with_none_that_is_named_is_compared_with_the_latest(text: str) -> None:
    periods = find_periods(text)
    assert (periods.years, periods.up_to_latest) == ((2023,), "ends")


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("revenue from 2022 to 2024", (2022, 2023, 2024)),
        ("revenue in 2024 vs 2023", (2023, 2024)),
        ("cash flow from operations in 2023", (2023,)),
        ("growth from 2022 to 2023", (2022, 2023)),
        ("revenue of more than $2022 in 2023", (2023,)),
    ],
)
def test_years_that_are_all_named_are_followed_by_no_other(text: str, years: tuple[int, ...]) -> None:
    periods = find_periods(text)
    assert (periods.years, periods.up_to_latest) == (years, "")


def test_year_after_a_company_compared_with_is_no_year_to_compare_with() -> None:
    assert find_periods("inventory turnover vs in 2024", companies=2).up_to_latest == ""
    assert find_periods("revenue since 2022", companies=2).up_to_latest == "each"


@pytest.mark.parametrize(
    "words",
    [
        "compared to prior year",
        "compared with the prior year",
        "compared to the previous fiscal year",
        "vs prior year",
        "versus the year before",
        "relative to the preceding year",
        "more than a year ago",
        "higher than a year earlier",
        "compared with the same quarter of the prior year",
        "versus the year-ago quarter",
        "compared to the prior-year period",
        "and the year before",
    ],
)
def test_year_before_is_meant_without_its_number(words: str) -> None:
    assert find_periods(f"revenue in 2024 {words}").years == (2023, 2024)
    assert find_periods(f"revenue {words}").latest == 2
    assert not {"prior", "previous", "preceding", "ago", "earlier", "same"} & set(without_periods(words).split())


@pytest.mark.parametrize("text", ["prior service cost 2024", "prior year tax positions 2024", "last year", "a year"])
def test_words_that_compare_nothing_add_no_year(text: str) -> None:
    assert find_periods(text).years in ((2024,), ())
    assert find_periods(text).latest == 1


@pytest.mark.parametrize(
    ("text", "are_listed"),
    [
        ("growth in FY24 and FY23", True),
        ("growth, 2022, 2023 and 2024", True),
        ("growth between 2022 and 2024", False),
        ("growth from 2022 to 2024", False),
        ("growth 2024 vs 2023", False),
    ],
)
def test_years_in_a_list_are_each_meant_for_itself(text: str, are_listed: bool) -> None:
    assert find_periods(text).are_listed is are_listed


@pytest.mark.parametrize("year", [1850, 1979, 2050, 2077, 2100])
def test_number_that_reads_as_a_year_is_one(year: int) -> None:
    assert find_periods(f"revenue {year}").years == (year,)
