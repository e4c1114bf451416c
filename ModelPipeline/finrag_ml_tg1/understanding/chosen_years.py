"""A fiscal year that is searched, its filings by how likely each is meant, and years written for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.filing_choice import COMPARED_YEAR, INTERIM_KINDS, filing_preferences, kind_of_form
from finrag_ml_tg1.understanding.reports_asked import ReportAsked

__all__ = ["ChosenYear", "FilingRow", "latest_preferred", "missing_years", "of_year", "year_list"]

# The quarter whose report covers a part of the year.
_REPORTED_PARTS = {"Q1": "Q1", "Q2": "Q2", "Q3": "Q3", "H1": "Q2", "9M": "Q3"}

FilingRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChosenYear:
    """A fiscal year that is searched, with the preference of each of its filings (see filing_choice)."""

    fiscal_year: int
    preferences: Mapping[str, float]


def of_year(
    company: Company, rows: Sequence[FilingRow], report: ReportAsked, year: int, notes: list[str]
) -> Mapping[str, float]:
    """Return the filings of a year that can hold what is asked; that none is of the kind meant is added to `notes`."""
    own = [row for row in rows if row["fiscal_year"] == year]
    preferences = filing_preferences(own, report, year)
    kinds = {kind_of_form(row["form"]) for row in own if row["accession"] in preferences}
    part = report.part_in(year)
    is_annual = part in ("FY", "Q4")
    expected = {"annual"} if is_annual else {"quarterly", "earnings"}
    if not report.forms and not report.is_event and not report.days and not kinds & (expected | {"earnings"}):
        kind = "annual" if is_annual else "quarterly"
        found = ", ".join(sorted({row["form"] for row in own if row["accession"] in preferences}))
        notes.append(f"{company.name}: no {kind} report of fiscal year {year} is covered; Form {found} was searched.")
    if part in _REPORTED_PARTS and kinds & {*INTERIM_KINDS}:
        wanted = _REPORTED_PARTS[part]
        interim = [row for row in own if kind_of_form(row["form"]) in INTERIM_KINDS]
        searched = [row for row in interim if row["accession"] in preferences]
        if all((row.get("fiscal_period") or wanted) != wanted for row in searched):
            found = ", ".join(sorted({f"{row['form']} of {row.get('fiscal_period')}" for row in searched}))
            notes.append(f"{company.name}: no report of {wanted} of fiscal {year} is covered; {found} was searched.")
    return preferences


def latest_preferred(chosen: Sequence[ChosenYear]) -> list[ChosenYear]:
    """Return the years with less preference for all but the latest."""
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
