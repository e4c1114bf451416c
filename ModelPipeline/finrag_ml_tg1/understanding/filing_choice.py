"""Which of a company's filings can hold what is asked, and how likely each is beside the others.

A preference is 0 for the report that is meant and negative for the others; it is added to the scores of their passages,
which lie between 0 and 1. What another report tells better by more than `REACH` is not searched at all. The steps were
chosen on questions over 342 filings (docs/evaluation/retrieval.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal

from finrag_ml_tg1.understanding.reports_asked import EARNINGS_RELEASE, SEVERAL_QUARTERS, ReportAsked

__all__ = [
    "COMPARED_YEAR",
    "INTERIM_KINDS",
    "NO_CURRENT_REPORT",
    "OLDER_OUTLOOK",
    "OUTLOOK",
    "OWN_INTERIM",
    "REACH",
    "SINCE_THEN",
    "YEAR_OF_EVENT",
    "filing_preferences",
    "kind_of_form",
]

FilingKind = Literal["annual", "quarterly", "earnings", "current"]

INTERIM_KINDS = ("quarterly", "earnings")

REACH = 0.45
# Reports of the year before, where what was expected of a year is asked for: its own reports tell what became of it.
OUTLOOK = -0.05
OWN_INTERIM = -0.25
# Each newer report since, where what is still to come is asked for.
OLDER_OUTLOOK = -0.05
# Reports since the latest annual one.
SINCE_THEN = -0.2
# Of several years asked for, the reports of the earlier ones: the latest prints their figures beside its own.
COMPARED_YEAR = -0.15
# Each year that a current report is older than the latest report, where no year is named.
YEAR_OF_EVENT = -0.05
# Other reports, where an event of no company named is asked for.
NO_CURRENT_REPORT = -0.25

_OTHER_QUARTER = -0.5
_RELEASE_OF_QUARTER = -0.15
_OTHER_DAY = -0.2
_DAYS_BETWEEN_EVENT_AND_REPORT = timedelta(days=4)
_QUARTERS = ("Q1", "Q2", "Q3", "Q4")
_INTERIM_PARTS = (*_QUARTERS, "H1", "H2", "9M", "Q", SEVERAL_QUARTERS)
# The report that covers the year up to the end of a part of it.
_REPORT_OF_PART = {"H1": "Q2", "9M": "Q3", "H2": "Q4"}


def kind_of_form(form: str) -> FilingKind:
    """Return what a form is: amendments and variants are as their form."""
    if form.startswith("10-K"):
        return "annual"
    if form.startswith("10-Q"):
        return "quarterly"
    return "earnings" if form.startswith(EARNINGS_RELEASE) else "current"


def filing_preferences(filings: Sequence[Mapping[str, Any]], asked: ReportAsked, fiscal_year: int) -> dict[str, float]:
    """Return by accession how likely each filing of a fiscal year holds what is asked: 0 for the best.

    Those that fall behind by `REACH` are left out. `filings` are rows of the catalog.
    """
    part = asked.part_in(fiscal_year)
    scores = {row["accession"]: _preference(row, asked, part) for row in filings}
    best = max(scores.values(), default=0.0)
    return {accession: score - best for accession, score in scores.items() if best - score < REACH}


def _preference(row: Mapping[str, Any], asked: ReportAsked, part: str) -> float:
    kind = kind_of_form(row["form"])
    by_kind = _interim_preferences(asked, part) if part in _INTERIM_PARTS else _annual_preferences(asked)
    # Of several forms named each is asked for.
    score = 0.0 if len(asked.forms) > 1 else by_kind[kind]
    if kind in ("quarterly", "earnings") and part in _INTERIM_PARTS:
        wanted = _REPORT_OF_PART.get(part, part)
        is_other = wanted in _QUARTERS and (row.get("fiscal_period") or wanted) != wanted
        score += _OTHER_QUARTER if is_other else 0.0
    elif kind == "earnings" and row.get("fiscal_period") in ("Q1", "Q2", "Q3"):
        # The release of the fourth quarter tells the year.
        score += _RELEASE_OF_QUARTER
    if asked.days and kind in ("current", "earnings"):
        score = 0.0 if any(_is_near(row["period_end"], day) for day in asked.days) else score
    elif asked.days and not asked.forms:
        score += _OTHER_DAY
    return score


def _annual_preferences(asked: ReportAsked) -> dict[FilingKind, float]:
    return {
        "annual": -0.05 if asked.is_event else 0.0,
        "earnings": -0.05 if asked.is_adjusted else -0.25,
        "quarterly": -0.5,
        "current": 0.0 if asked.is_event else -0.5,
    }


def _interim_preferences(asked: ReportAsked, part: str) -> dict[FilingKind, float]:
    if part == "Q4":
        # No Form 10-Q is filed for a fourth quarter.
        return {"annual": 0.0, "earnings": 0.0, "quarterly": -0.6, "current": -0.5}
    return {
        "quarterly": 0.0,
        "earnings": 0.0 if asked.is_adjusted else -0.15,
        "annual": -0.6,
        "current": -0.2 if asked.is_event else -0.6,
    }


def _is_near(reported: date, day: date) -> bool:
    return abs(reported - day) <= _DAYS_BETWEEN_EVENT_AND_REPORT
