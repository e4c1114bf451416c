"""The reports meant where no year is named: the latest and what was filed since, or several that show a course."""

from __future__ import annotations

import re
from collections.abc import Sequence

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.chosen_years import ChosenYear, FilingRow, latest_preferred, of_year, year_list
from finrag_ml_tg1.understanding.filing_choice import (
    INTERIM_KINDS,
    OLDER_OUTLOOK,
    REACH,
    SINCE_THEN,
    YEAR_OF_EVENT,
    kind_of_form,
)
from finrag_ml_tg1.understanding.periods import Periods, latest_years
from finrag_ml_tg1.understanding.reports_asked import ReportAsked

__all__ = ["latest_reports"]

# Each report before the latest is that much less likely meant by "the latest quarter".
_STEP_BACK = -0.12
_SEVERAL_REPORTS = 8
_SPAN = r"(?:years|quarters|periods?|timeframe|10-?[kq]s|filings|reports)"
_OVER_TIME = re.compile(
    rf"\bover\s+time\b|\bperiod\s+to\s+period\b|\bthese\s+(?:quarterly\s+|annual\s+)?{_SPAN}\b"
    rf"|\b(?:over|across|throughout|in)\s+(?:the\s+)?(?:reported|reporting|quarterly|annual|past|last)\s+{_SPAN}\b"
    rf"|\b(?:over|across|throughout)\s+(?:the|these|those|all)?\s*{_SPAN}\b",
    re.IGNORECASE,
)
_OF_QUARTERS = re.compile(r"\bquarters\b|\bquarterly\b|\b10-?qs\b", re.IGNORECASE)
_YEARS_OVER_TIME = 5


def latest_reports(
    company: Company, rows: Sequence[FilingRow], periods: Periods, report: ReportAsked, notes: list[str]
) -> list[ChosenYear]:
    """Return the latest annual report and what was filed since, or where a quarter is meant the latest reports of one.

    What is taken for granted is added to `notes`.
    """
    interim = [row for row in rows if kind_of_form(row["form"]) in INTERIM_KINDS]
    annual = [row for row in rows if kind_of_form(row["form"]) == "annual"]
    is_over_time = _OVER_TIME.search(report.text) is not None and periods.latest == 1
    is_interim = periods.is_quarterly or (is_over_time and _OF_QUARTERS.search(report.text) is not None)
    if interim and (is_interim or not annual):
        return _latest_interim(company, interim, report, notes, is_over_time=is_over_time)
    count = _YEARS_OVER_TIME if is_over_time else periods.latest
    years = latest_years({row["fiscal_year"] for row in annual or rows}, count)
    searched = f"fiscal year {year_list(years)} was searched"
    is_span = periods.latest > 1
    notes.append(
        f"{company.name}: {f'of what is covered, {searched}' if is_span else f'no year was named, so {searched}'}."
    )
    chosen = latest_preferred([ChosenYear(year, of_year(company, rows, report, year, notes)) for year in years])
    if not report.forms and not is_over_time:
        beside = {**_since_then(rows, years[-1], report), **_events(rows, report)}
        chosen[-1] = ChosenYear(years[-1], {**beside, **chosen[-1].preferences})
    return chosen


def _since_then(rows: Sequence[FilingRow], year: int, report: ReportAsked) -> dict[str, float]:
    """Interim reports of later years; what is still to come is told best by the newest."""
    later = [row for row in reversed(rows) if row["fiscal_year"] > year and kind_of_form(row["form"]) in INTERIM_KINDS]
    if not report.looks_ahead:
        return {row["accession"]: SINCE_THEN for row in later}
    return {row["accession"]: max(OLDER_OUTLOOK * back, -REACH) for back, row in enumerate(later)}


def _events(rows: Sequence[FilingRow], report: ReportAsked) -> dict[str, float]:
    """Current reports of any year, where something is asked that they tell: newer ones rather than older."""
    if not report.is_event:
        return {}
    latest = rows[-1]["fiscal_year"]
    current = (row for row in rows if kind_of_form(row["form"]) == "current")
    return {row["accession"]: max(YEAR_OF_EVENT * (latest - row["fiscal_year"]), -REACH) for row in current}


def _latest_interim(
    company: Company, interim: Sequence[FilingRow], report: ReportAsked, notes: list[str], *, is_over_time: bool
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
