"""Which fiscal years of a company are searched, and which filings of each: what was asked, else the latest, as is said.

No other year ever stands in for one that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.filing_choice import (
    COMPARED_YEAR,
    OLDER_OUTLOOK,
    OUTLOOK,
    OWN_INTERIM,
    REACH,
    SINCE_THEN,
    YEAR_OF_EVENT,
    filing_preferences,
    kind_of_form,
)
from finrag_ml_tg1.understanding.periods import Periods, latest_years
from finrag_ml_tg1.understanding.reports_asked import ReportAsked

__all__ = ["ChosenYear", "choose_filings", "missing_years", "year_list"]

_INTERIM = ("quarterly", "earnings")
# Each report before the latest is that much less likely meant by "the latest quarter".
_STEP_BACK = -0.12
_SEVERAL_REPORTS = 8
_OVER_TIME = re.compile(
    r"\bover\s+(?:time|the\s+(?:years|quarters|reported|reporting|last|past))|\b(?:across|throughout)\s+(?:the|these|those|quarters|"
    r"years|reporting)\b|\bthese\s+(?:10-?qs|10-?ks|filings|reports|quarters|quarterly)|\b(?:period\s+to\s+period|"
    r"over\s+these)\b|\b(?:trend(?:s|ed|ing)?|evol(?:ve|ved|ution)|fluctuated?)\b",
    re.IGNORECASE,
)
_OF_QUARTERS = re.compile(r"\bquarters\b|\bquarterly\b|\b10-?qs\b", re.IGNORECASE)
_YEARS_OVER_TIME = 5

_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChosenYear:
    """A fiscal year that is searched, with the preference of each of its filings (see filing_choice)."""

    fiscal_year: int
    preferences: Mapping[str, float]


def choose_filings(
    company: Company,
    filings: pl.DataFrame,
    asked: Sequence[int],
    periods: Periods,
    report: ReportAsked,
    notes: list[str],
) -> list[ChosenYear]:
    """Return the years searched, in the order asked; what was assumed or is missing is added to `notes`.

    `filings` are those of the company that are of the forms asked for.
    """
    rows = filings.sort("period_end").to_dicts()
    covered = sorted({row["fiscal_year"] for row in rows})
    if not covered:
        return []
    if periods.years_ago and not asked:
        asked = (covered[-1] - periods.years_ago,)
    if not asked:
        return _latest(company, rows, periods, report, notes)
    if periods.up_to_latest and tuple(asked) == periods.years:
        later = [year for year in covered if year > asked[0]]
        asked = [*asked, *(later if periods.up_to_latest == "each" else later[-1:])]
    missing = sorted(set(asked) - set(covered))
    if missing:
        notes.append(missing_years(company.name, missing, covered))
    chosen = [
        ChosenYear(year, _of_year(company, rows, report, year, notes))
        for year in dict.fromkeys(asked)
        if year in covered
    ]
    if report.looks_ahead and not report.forms:
        chosen = _with_outlook(company, rows, report, asked, chosen, notes)
    return _latest_first_among_compared(chosen)


def _latest_first_among_compared(chosen: Sequence[ChosenYear]) -> list[ChosenYear]:
    """The years with less preference for all but the latest."""
    latest = max((one.fiscal_year for one in chosen), default=0)
    return [
        one
        if one.fiscal_year == latest
        else ChosenYear(one.fiscal_year, {name: value + COMPARED_YEAR for name, value in one.preferences.items()})
        for one in chosen
    ]


def missing_years(company: str, missing: Sequence[int], covered: Sequence[int]) -> str:
    """Return the sentence that says which years are not covered, which are, and the nearest of them."""
    nearest = sorted({min(covered, key=lambda year: (abs(year - asked), -year)) for asked in missing})
    offer = f"; the nearest is {year_list(nearest)}" if len(covered) > 1 else ""
    return f"{company}: fiscal year {year_list(missing)} is not covered; covered: {year_list(covered)}{offer}."


def year_list(years: Sequence[int]) -> str:
    """Return years as `2022–2024` for a run of them, else as `2021, 2023`."""
    ordered = sorted(years)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}–{ordered[-1]}"
    return ", ".join(str(year) for year in ordered)


def _latest(
    company: Company, rows: Sequence[_Row], periods: Periods, report: ReportAsked, notes: list[str]
) -> list[ChosenYear]:
    """The latest annual report and what was filed since, or where a quarter is meant the latest reports of one."""
    interim = [row for row in rows if kind_of_form(row["form"]) in _INTERIM]
    annual = [row for row in rows if kind_of_form(row["form"]) == "annual"]
    is_over_time = _OVER_TIME.search(report.text) is not None and periods.latest == 1
    is_interim = periods.is_quarterly or (is_over_time and _OF_QUARTERS.search(report.text) is not None)
    if interim and (is_interim or not annual):
        return _latest_interim(company, interim, report, notes, is_over_time=is_over_time)
    count = _YEARS_OVER_TIME if is_over_time else periods.latest
    years = latest_years({row["fiscal_year"] for row in annual or rows}, count)
    notes.append(f"{company.name}: no year was named, so fiscal year {year_list(years)} was searched.")
    chosen = _latest_first_among_compared(
        [ChosenYear(year, _of_year(company, rows, report, year, notes)) for year in years]
    )
    if not report.forms and not is_over_time:
        beside = {**_since_then(rows, years[-1], report), **_events(rows, report)}
        chosen[-1] = ChosenYear(years[-1], {**beside, **chosen[-1].preferences})
    return chosen


def _since_then(rows: Sequence[_Row], year: int, report: ReportAsked) -> dict[str, float]:
    """Interim reports of later years; what is still to come is told best by the newest."""
    later = [row for row in reversed(rows) if row["fiscal_year"] > year and kind_of_form(row["form"]) in _INTERIM]
    if not report.looks_ahead:
        return {row["accession"]: SINCE_THEN for row in later}
    return {row["accession"]: max(OLDER_OUTLOOK * back, -REACH) for back, row in enumerate(later)}


def _events(rows: Sequence[_Row], report: ReportAsked) -> dict[str, float]:
    """Current reports of any year, where something is asked that they tell: newer ones rather than older."""
    if not report.is_event:
        return {}
    latest = rows[-1]["fiscal_year"]
    current = (row for row in rows if kind_of_form(row["form"]) == "current")
    return {row["accession"]: max(YEAR_OF_EVENT * (latest - row["fiscal_year"]), -REACH) for row in current}


def _latest_interim(
    company: Company, interim: Sequence[_Row], report: ReportAsked, notes: list[str], *, is_over_time: bool
) -> list[ChosenYear]:
    reports = [row for row in interim if kind_of_form(row["form"]) == "quarterly"] or interim
    newest = list(reversed(reports))[:_SEVERAL_REPORTS]
    step = 0.0 if is_over_time else _STEP_BACK
    preferences = {row["accession"]: step * back for back, row in enumerate(newest) if -step * back < REACH}
    years = sorted({row["fiscal_year"] for row in newest if row["accession"] in preferences}, reverse=not is_over_time)
    notes.append(
        f"{company.name}: no year was named, so the latest reports, of fiscal year {year_list(years)}, were searched."
    )
    return [
        ChosenYear(
            year,
            {
                row["accession"]: preferences[row["accession"]]
                for row in newest
                if row["fiscal_year"] == year and row["accession"] in preferences
            },
        )
        for year in years
    ]


def _of_year(
    company: Company, rows: Sequence[_Row], report: ReportAsked, year: int, notes: list[str]
) -> Mapping[str, float]:
    own = [row for row in rows if row["fiscal_year"] == year]
    preferences = filing_preferences(own, report, year)
    kinds = {kind_of_form(row["form"]) for row in own if row["accession"] in preferences}
    is_annual = report.part_in(year) in ("FY", "Q4")
    expected = {"annual"} if is_annual else {"quarterly", "earnings"}
    if not report.forms and not report.is_event and not report.days and not kinds & (expected | {"earnings"}):
        kind = "annual" if is_annual else "quarterly"
        found = ", ".join(sorted({row["form"] for row in own if row["accession"] in preferences}))
        notes.append(f"{company.name}: no {kind} report of fiscal year {year} is covered; Form {found} was searched.")
    return preferences


def _with_outlook(
    company: Company,
    rows: Sequence[_Row],
    report: ReportAsked,
    asked: Sequence[int],
    chosen: Sequence[ChosenYear],
    notes: list[str],
) -> list[ChosenYear]:
    """What was expected of a year stands in the reports of the year before."""
    year = max(asked)
    before = [row for row in rows if row["fiscal_year"] == year - 1]
    if not before or year - 1 in asked:
        return list(chosen)
    earlier = {
        name: max(value + OUTLOOK, -REACH) for name, value in filing_preferences(before, report, year - 1).items()
    }
    interim = {row["accession"] for row in rows if kind_of_form(row["form"]) in _INTERIM}
    notes.append(
        f"{company.name}: what was expected of fiscal {year} is told in reports of fiscal {year - 1}, so they were "
        "searched."
    )
    own = {
        name: value + (OWN_INTERIM if name in interim else 0.0)
        for one in chosen
        if one.fiscal_year == year
        for name, value in one.preferences.items()
    }
    others = [one for one in chosen if one.fiscal_year != year]
    return [*others, ChosenYear(year, {**own, **earlier})]
