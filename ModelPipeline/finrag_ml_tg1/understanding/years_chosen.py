"""Which fiscal years of a company are searched, and which filings of each: what was asked, else the latest, as is said.

No other year ever stands in for one that is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.chosen_years import ChosenYear, FilingRow, latest_preferred, missing_years, of_year
from finrag_ml_tg1.understanding.filing_choice import (
    INTERIM_KINDS,
    OUTLOOK,
    OWN_INTERIM,
    REACH,
    filing_preferences,
    kind_of_form,
)
from finrag_ml_tg1.understanding.latest_reports import latest_reports
from finrag_ml_tg1.understanding.periods import Periods
from finrag_ml_tg1.understanding.reports_asked import ReportAsked

__all__ = ["choose_filings"]


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
        return latest_reports(company, rows, periods, report, notes)
    if periods.up_to_latest and tuple(asked) == periods.years:
        later = [year for year in covered if year > asked[0]]
        asked = [*asked, *(later if periods.up_to_latest == "each" else later[-1:])]
    missing = sorted(set(asked) - set(covered))
    if missing:
        notes.append(missing_years(company.name, missing, covered))
    chosen = [
        ChosenYear(year, of_year(company, rows, report, year, notes))
        for year in dict.fromkeys(asked)
        if year in covered
    ]
    if report.looks_ahead and not report.forms:
        chosen = _with_outlook(company, rows, report, asked, chosen, notes)
    return latest_preferred(chosen)


def _with_outlook(
    company: Company,
    rows: Sequence[FilingRow],
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
    interim = {row["accession"] for row in rows if kind_of_form(row["form"]) in INTERIM_KINDS}
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
    return [*others, ChosenYear(year if own else year - 1, {**own, **earlier})]
