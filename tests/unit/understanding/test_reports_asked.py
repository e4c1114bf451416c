"""What a question tells of the report it needs, and which filings of a company that leaves."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.filing_choice import filing_preferences, kind_of_form
from finrag_ml_tg1.understanding.periods import find_periods
from finrag_ml_tg1.understanding.reports_asked import EARNINGS_RELEASE, report_asked
from finrag_ml_tg1.understanding.years_chosen import choose_filings

# Form, fiscal year, period, last day (of a current report: its date); the accession is "form-year-period".
FILINGS = [
    ("10-K", 2021, "FY", date(2021, 12, 31)),
    ("10-K", 2022, "FY", date(2022, 12, 31)),
    (EARNINGS_RELEASE, 2022, "Q4", date(2022, 12, 31)),
    ("8-K", 2022, "", date(2022, 5, 20)),
    ("10-Q", 2023, "Q1", date(2023, 3, 31)),
    ("10-Q", 2023, "Q2", date(2023, 6, 30)),
    (EARNINGS_RELEASE, 2023, "Q2", date(2023, 6, 30)),
    ("8-K", 2023, "", date(2023, 8, 30)),
]
COMPANY = Company(1, "Plain Example Corp.", ("PLX",), (), (2021, 2022, 2023))


def filings() -> list[dict[str, Any]]:
    return [
        {
            "accession": f"{form}-{year}-{period or end.isoformat()}",
            "form": form,
            "fiscal_year": year,
            "fiscal_period": period,
            "period_end": end,
        }
        for form, year, period, end in FILINGS
    ]


def chosen(question: str, notes: list[str] | None = None) -> dict[str, float]:
    """The filings searched for a question about the company, with their preference."""
    periods, report = find_periods(question), report_asked(question, question)
    asked = report.report_years or periods.years
    table = pl.DataFrame(filings())
    if report.forms:
        table = table.filter(pl.col("form").is_in(report.forms))
    years = choose_filings(COMPANY, table, asked, periods, report, [] if notes is None else notes)
    return {name: value for year in years for name, value in year.preferences.items()}


def first(question: str) -> str:
    preferences = chosen(question)
    return max(preferences, key=preferences.__getitem__)


@pytest.mark.parametrize(
    ("question", "forms"),
    [
        ("What does the annual report for 2022 say?", ("10-K",)),
        ("the latest 10-Q", ("10-Q",)),
        ("quarterly report against the 10-K", ("10-K", "10-Q")),
        ("What was announced in the 8-K?", ("8-K",)),
        ("the earnings release of Q2 2023", (EARNINGS_RELEASE,)),
        ("What are the 401k costs?", ()),
    ],
)
def test_forms_are_those_named(question: str, forms: tuple[str, ...]) -> None:
    assert report_asked(question, question).forms == forms


@pytest.mark.parametrize(
    ("question", "quarters"),
    [
        ("Q2 of FY2023", {2023: "Q2"}),
        ("Q22023 and 2Q22", {2023: "Q2", 2022: "Q2"}),
        ("Q2'2023", {2023: "Q2"}),
        ("second quarter of fiscal 2023 against FY2022", {2023: "Q2"}),
        ("third quarter, 2021", {2021: "Q3"}),
        ("2023 Q1", {2023: "Q1"}),
        ("sales in 2023", {}),
    ],
)
def test_quarters_are_of_the_year_they_are_named_with(question: str, quarters: dict[int, str]) -> None:
    assert report_asked(question, question).part_of_year == quarters


def test_report_named_by_its_year_is_the_one_searched() -> None:
    assert report_asked("What happened in January 2023, as its 2022 annual report tells?", "").report_years == (2022,)
    assert report_asked("cash from 2021 to 2022", "").report_years == ()


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("cash in 2022", "10-K-2022-FY"),
        ("cash in Q1 2023", "10-Q-2023-Q1"),
        ("adjusted EBITDA in Q2 2023 in the earnings release", f"{EARNINGS_RELEASE}-2023-Q2"),
        ("gain as of August 30, 2023", "8-K-2023-2023-08-30"),
        ("nominees elected in 2022", "8-K-2022-2022-05-20"),
        ("cash", "10-K-2022-FY"),
        ("cash in the latest quarter", "10-Q-2023-Q2"),
        ("How much is expected to be paid in future?", f"{EARNINGS_RELEASE}-2023-Q2"),
    ],
)
def test_report_that_is_meant_is_preferred(question: str, best: str) -> None:
    assert first(question) == best


def test_best_has_no_deduction_and_far_ones_are_left_out() -> None:
    preferences = chosen("cash in 2022")
    assert max(preferences.values()) == 0
    assert set(preferences) == {"10-K-2022-FY", f"{EARNINGS_RELEASE}-2022-Q4"}


def test_current_reports_are_searched_for_events() -> None:
    assert "8-K-2022-2022-05-20" in chosen("Who was elected to the board?")
    assert "8-K-2022-2022-05-20" in chosen("votes for each nominee in 2022")
    assert "8-K-2022-2022-05-20" not in chosen("cash in 2022")


def test_what_was_expected_is_told_by_the_year_before_and_that_is_said() -> None:
    notes: list[str] = []
    assert "10-K-2022-FY" in chosen("growth expected in 2023", notes)
    assert any("expected of fiscal 2023" in note and "2022" in note for note in notes)


def test_uncovered_year_is_not_replaced_and_the_nearest_is_offered() -> None:
    notes: list[str] = []
    assert chosen("cash in 2019", notes) == {}
    assert "fiscal year 2019 is not covered" in notes[0]
    assert "the nearest is 2021" in notes[0]


def test_of_several_years_the_latest_comes_first() -> None:
    preferences = chosen("cash in 2021 and 2022")
    assert preferences["10-K-2022-FY"] > preferences["10-K-2021-FY"]


def test_reports_over_time_are_all_asked_for() -> None:
    assert set(chosen("How did cash evolve across the quarters?")) == {"10-Q-2023-Q1", "10-Q-2023-Q2"}


@pytest.mark.parametrize(
    ("form", "kind"),
    [("10-K405", "annual"), ("10-K/A", "annual"), ("10-Q", "quarterly"), ("8-K", "current"), ("8-K EX-99", "earnings")],
)
def test_variants_are_as_their_form(form: str, kind: str) -> None:
    assert kind_of_form(form) == kind


def test_no_filings_have_no_preferences() -> None:
    assert filing_preferences([], report_asked("cash", "cash"), 2022) == {}


@pytest.mark.parametrize(
    ("question", "years"),
    [
        ("risk factors from the 2021-2022 annual reports", (2021, 2022)),
        ("2021 & 2022 10-Ks", (2021, 2022)),
        ("backlog in 2021 beside what the 2022 10-K says", (2021, 2022)),
        ("what went wrong in January 2023, in the annual report for 2022", (2022,)),
        ("what went wrong in January 2023", (2023,)),
    ],
)
def test_only_years_of_events_give_way_to_a_report_named_by_its_year(question: str, years: tuple[int, ...]) -> None:
    assert report_asked(question, question).without_years_of_events(find_periods(question).years) == years


@pytest.mark.parametrize("question", ["Q1 and Q2 2023 results", "first and second quarter 2023", "Q1 2023 and Q2 2023"])
def test_several_quarters_of_a_year_are_all_searched(question: str) -> None:
    assert {"10-Q-2023-Q1", "10-Q-2023-Q2"} <= set(chosen(question))


def test_another_quarter_than_asked_is_said() -> None:
    notes: list[str] = []
    chosen("cash in Q3 2023", notes)
    assert any("no report of Q3 of fiscal 2023" in note for note in notes)
    notes.clear()
    chosen("cash in Q2 2023", notes)
    assert notes == []


def test_expected_as_a_term_of_accounting_is_no_outlook() -> None:
    assert not report_asked("expected return on plan assets in 2023", "").looks_ahead
    assert report_asked("growth expected in 2023", "").looks_ahead


def test_year_searched_for_an_outlook_is_the_one_of_the_report() -> None:
    report = report_asked("growth expected in 2024", "growth expected in 2024")
    years = choose_filings(COMPANY, pl.DataFrame(filings()), (2024,), find_periods("in 2024"), report, [])
    assert [year.fiscal_year for year in years] == [2023]


@pytest.mark.parametrize("place", ["throughout the world", "across the company", "what trends matter"])
def test_space_is_no_course_of_time(place: str) -> None:
    assert {name for name in chosen(f"What sites are there, {place}?") if name.startswith("10-K")} == {"10-K-2022-FY"}
