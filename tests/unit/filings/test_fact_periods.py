"""Labels of facts: whole years count on, quarters and years to date are told, everything else has no label."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.cover.reading import Cover
from finrag_ml_tg1.filings.facts.fiscal_labels import FiscalLabels

DAY = timedelta(days=1)


def cover(period_end: date, fiscal_year: int, form: str = "10-K", period: str = "FY", year_end: str = "") -> Cover:
    ends = year_end or f"{period_end:%m-%d}"
    return Cover("Plain Example Corp.", 1, (), form, fiscal_year, period, period_end, ends, ())


def iso(days: str) -> tuple[date, date]:
    start, _, end = days.partition("/")
    return date.fromisoformat(start), date.fromisoformat(end)


@pytest.mark.parametrize(
    ("period_end", "year", "days", "label"),
    [
        ("2024-09-28", 2024, "2023-10-01/2024-09-28", (2024, "FY")),
        ("2024-09-28", 2024, "2022-09-25/2023-09-30", (2023, "FY")),
        ("2024-02-03", 2023, "2022-01-30/2023-01-28", (2022, "FY")),
        ("2024-01-28", 2024, "2022-01-31/2023-01-29", (2023, "FY")),
        ("2024-05-31", 2024, "2021-06-01/2022-05-31", (2022, "FY")),
        ("2023-12-31", 2023, "2023-10-01/2023-12-31", (2023, "Q4")),
        ("2023-12-31", 2023, "2022-01-01/2022-03-31", (2022, "Q1")),
        ("2023-12-31", 2023, "2023-01-01/2023-09-30", (2023, "9M")),
        ("2023-12-31", 2023, "2022-07-01/2023-06-30", (2023, "")),
        ("2023-12-31", 2023, "2023-11-15/2023-12-31", (2023, "")),
        ("2023-12-31", 2023, "2024-01-01/2024-12-31", (2024, "FY")),
    ],
)
def test_durations_of_an_annual_report(period_end: str, year: int, days: str, label: tuple[int, str]) -> None:
    assert FiscalLabels(cover(date.fromisoformat(period_end), year)).label(*iso(days)) == label


@pytest.mark.parametrize(
    ("days", "label"),
    [
        ("2023-04-02/2023-07-01", (2023, "Q3")),
        ("2022-09-25/2023-07-01", (2023, "9M")),
        ("2022-03-27/2022-06-25", (2022, "Q3")),
        ("2022-09-25/2022-12-31", (2023, "Q1")),
        ("2022-09-25/2023-04-01", (2023, "H1")),
    ],
)
def test_durations_of_a_quarterly_report_when_weeks_are_counted(days: str, label: tuple[int, str]) -> None:
    assert FiscalLabels(cover(date(2023, 7, 1), 2023, "10-Q", "Q3", "09-30")).label(*iso(days)) == label


def test_quarter_is_taken_from_the_cover_when_the_end_of_the_year_is_not_known() -> None:
    labels = FiscalLabels(cover(date(2023, 6, 30), 2023, "10-Q", "Q2"))
    assert labels.label(date(2023, 4, 1), date(2023, 6, 30)) == (2023, "Q2")
    assert labels.label(date(2023, 1, 1), date(2023, 6, 30)) == (2023, "H1")


def test_instants_are_labelled_where_a_reported_period_ends_or_begins_and_nowhere_else() -> None:
    labels = FiscalLabels(cover(date(2023, 12, 31), 2023), [iso("2022-01-01/2022-12-31"), iso("2023-01-01/2023-12-31")])
    assert labels.label(None, date(2023, 12, 31)) == (2023, "FY")
    assert labels.label(None, date(2021, 12, 31)) == (2021, "FY")
    assert labels.label(None, date(2024, 1, 8))[1] == ""
    assert labels.label(None, date(2023, 6, 27))[1] == ""


def test_years_that_ended_on_another_day_and_the_transition_after_them_have_no_label() -> None:
    years = [iso("2024-01-01/2024-12-31"), iso("2022-10-01/2023-09-30"), iso("2021-10-01/2022-09-30")]
    labels = FiscalLabels(cover(date(2024, 12, 31), 2024), [*years, iso("2023-10-01/2023-12-31")])
    assert labels.label(*years[0]) == (2024, "FY")
    assert [labels.label(*period)[1] for period in years[1:]] == ["", ""]
    assert labels.label(*iso("2023-10-01/2023-12-31"))[1] == ""
    assert labels.label(None, date(2023, 9, 30))[1] == ""


@pytest.mark.parametrize("form", ["10-KT", "10-KT/A", "10-QT"])
def test_transition_reports_label_no_period(form: str) -> None:
    labels = FiscalLabels(cover(date(2023, 12, 31), 2023, form, "", "12-31"), [iso("2023-10-01/2023-12-31")])
    assert labels.label(*iso("2023-10-01/2023-12-31"))[1] == ""
    assert labels.label(None, date(2023, 12, 31))[1] == ""
    assert labels.label(*iso("2022-10-01/2023-09-30"))[1] == ""


def test_days_at_the_ends_of_the_calendar_are_labelled_without_failing() -> None:
    labels = FiscalLabels(cover(date(2023, 6, 30), 2023))
    assert labels.label(None, date.max - DAY)[1] == ""
    assert labels.label(date.min + DAY, date.min + 400 * DAY)[1] == ""


@st.composite
def calendars(draw: st.DrawFn) -> list[date]:
    """Twelve ends of fiscal years on one weekday: the last of a month, or the one nearest to its end."""
    month, weekday, first = draw(st.integers(1, 12)), draw(st.integers(0, 6)), draw(st.integers(1995, 2030))
    is_nearest = draw(st.booleans())
    ends = []
    for year in range(first, first + 12):
        last = date(year + month // 12, month % 12 + 1, 1) - DAY
        back = (last.weekday() - weekday) % 7
        ends.append(last + (7 - back) * DAY if is_nearest and back > 3 else last - back * DAY)
    return ends


@given(calendars(), st.integers(0, 11), st.sampled_from([-1, 0, 1]))
def test_years_of_52_and_53_weeks_are_labelled_one_after_the_other(ends: list[date], own: int, shift: int) -> None:
    label = ends[own].year + shift
    years = [(before + DAY, end) for before, end in pairwise(ends)]
    labels = FiscalLabels(cover(ends[own], label), years)
    expected = [(label + place - own, "FY") for place in range(1, len(ends))]
    assert [labels.label(*year) for year in years] == expected
    assert [labels.label(None, end) for _, end in years] == expected


@given(calendars(), st.integers(1, 11), st.integers(0, 10))
def test_quarters_of_thirteen_weeks_are_told_apart(ends: list[date], own: int, place: int) -> None:
    labels = FiscalLabels(cover(ends[own], 2020))
    start = ends[place] + DAY
    quarters = [(start + 91 * number * DAY, start + (91 * number + 90) * DAY) for number in range(3)]
    quarters.append((start + 273 * DAY, ends[place + 1]))
    year = 2020 + place + 1 - own
    assert [labels.label(*quarter) for quarter in quarters] == [(year, f"Q{number}") for number in range(1, 5)]
