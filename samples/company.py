"""A fictional company as its two YAML files describe it: `company.yaml` (figures) and `prose.yaml` (words)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from samples.balance import BalanceSheet
from samples.fiscal_calendar import FiscalCalendar, FiscalYear
from samples.statements import SegmentDrivers, YearDrivers, YearStatements, project_year

__all__ = ["COMPANIES_DIR", "Company", "Debt", "FilingPlan", "Measure", "Split", "load_companies"]

COMPANIES_DIR = Path(__file__).parent / "companies"
FIRST_YEAR = 2020  # the oldest comparative of the oldest filing


@dataclass(frozen=True)
class FilingPlan:
    """What identifies one filing of a company."""

    fiscal_year: int
    accession: str
    filed: date


@dataclass(frozen=True)
class Measure:
    """A figure outside the statements: `money` is dollars, otherwise a plain number; one value a fiscal year."""

    money: bool
    concept: str | None
    values: Mapping[int, Decimal]


@dataclass(frozen=True)
class Split:
    """Revenue by something other than segment: part -> (title, member); the last takes what the shares leave."""

    axis: str
    title: str
    parts: Mapping[str, tuple[str, str]]
    shares: Mapping[str, Mapping[int, Decimal]]


@dataclass(frozen=True)
class Debt:
    """Borrowings: fixed-rate notes of a constant amount; the rest is the term loan."""

    notes: int
    notes_label: str
    notes_due: int
    loan_label: str
    loan_due: int


@dataclass(frozen=True)
class Company:
    """One company, its plan of filings, and its statements by fiscal year."""

    name: str
    ticker: str
    cik: str
    business: str
    calendar: FiscalCalendar
    unit: int
    category: str
    revenue_concept: str
    labels: Mapping[str, str]
    segments: Mapping[str, str]
    growth: Mapping[int, Mapping[str, SegmentDrivers]]
    statements: Mapping[int, YearStatements]
    opening: BalanceSheet
    tax_parts: Mapping[str, Decimal]
    split: Split
    debt: Debt
    measures: Mapping[str, Measure]
    constants: Mapping[str, str]
    filings: tuple[FilingPlan, ...]
    items: Mapping[str, str]

    def name_line(self, label: str) -> str:
        """Return what the company calls the statement line that others call `label`."""
        return self.labels.get(label, label)

    def find_year(self, label: int) -> FiscalYear:
        """Return the dates of the fiscal year with this label."""
        return self.calendar.find_year(label)

    def find_balance(self, label: int) -> BalanceSheet:
        """Return the balance sheet at the end of the fiscal year with this label."""
        return self.opening if label < FIRST_YEAR else self.statements[label].balance


def load_companies() -> tuple[Company, ...]:
    """Return every company under `companies/`, in the order of their folder names."""
    return tuple(_load_company(folder) for folder in sorted(COMPANIES_DIR.iterdir()) if folder.is_dir())


def _load_company(folder: Path) -> Company:
    raw = yaml.safe_load((folder / "company.yaml").read_text("utf-8"))
    prose = yaml.safe_load((folder / "prose.yaml").read_text("utf-8"))
    segments = {name: _read_segment(spec) for name, spec in raw["segments"].items()}
    opening = _open_balance(raw["opening"])
    drivers = _read_drivers(raw["drivers"], segments)
    base = {name: int(spec["base_revenue"]) for name, spec in raw["segments"].items()}
    return Company(
        name=raw["name"],
        ticker=raw["ticker"],
        cik=str(raw["cik"]),
        business=raw["business"],
        calendar=FiscalCalendar(raw["calendar"]),
        unit=raw["unit"],
        category=raw["category"],
        revenue_concept=raw["revenue_concept"],
        labels=raw["labels"],
        segments={name: spec["title"] for name, spec in raw["segments"].items()},
        growth={label: year.segments for label, year in drivers.items()},
        statements=_project(opening, base, drivers, raw["unit"]),
        opening=opening,
        tax_parts={name: Decimal(str(share)) for name, share in raw["tax_parts"].items()},
        split=Split(
            axis=raw["split"]["axis"],
            title=raw["split"]["title"],
            parts={part: (title, member) for part, (title, member) in raw["split"]["parts"].items()},
            shares={part: _by_year(row) for part, row in raw["split"]["shares"].items()},
        ),
        debt=Debt(**raw["debt"]),
        measures={name: _read_measure(spec) for name, spec in raw["measures"].items()},
        constants={name: str(value) for name, value in raw["constants"].items()},
        filings=tuple(FilingPlan(label, plan["accession"], plan["filed"]) for label, plan in raw["filings"].items()),
        items=prose["items"],
    )


def _by_year(row: list[Any]) -> dict[int, Decimal]:
    return {FIRST_YEAR + index: Decimal(str(value)) for index, value in enumerate(row)}


def _read_segment(spec: dict[str, Any]) -> dict[int, SegmentDrivers]:
    causes = {cause: _by_year(row) for cause, row in spec["growth"].items()}
    return {
        label: SegmentDrivers({cause: row[label] for cause, row in causes.items()}, margin)
        for label, margin in _by_year(spec["margin"]).items()
    }


def _read_measure(spec: dict[str, Any]) -> Measure:
    money = bool(spec.get("millions", False))
    scale = 1_000_000 if money else 1
    return Measure(
        money, spec.get("concept"), {year: value * scale for year, value in _by_year(spec["values"]).items()}
    )


def _read_drivers(raw: dict[str, Any], segments: dict[str, dict[int, SegmentDrivers]]) -> dict[int, YearDrivers]:
    rows = {name: _by_year(row) for name, row in raw.items()}
    whole = {field.name for field in fields(YearDrivers) if field.type is int}
    drivers: dict[int, YearDrivers] = {}
    for label in rows["gross_margin"]:
        values: dict[str, Any] = {name: int(row[label]) if name in whole else row[label] for name, row in rows.items()}
        drivers[label] = YearDrivers(segments={name: years[label] for name, years in segments.items()}, **values)
    return drivers


def _open_balance(raw: dict[str, int]) -> BalanceSheet:
    """Return the first balance sheet; retained earnings are what the other lines leave."""
    draft = BalanceSheet(**raw, retained_earnings=0)
    return draft.settle(draft.cash, draft.assets - draft.liabilities_and_equity)


def _project(
    opening: BalanceSheet, revenue: Mapping[str, int], drivers: Mapping[int, YearDrivers], unit: int
) -> dict[int, YearStatements]:
    statements: dict[int, YearStatements] = {}
    for label in sorted(drivers):
        statements[label] = project_year(opening, revenue, drivers[label], unit)
        opening, revenue = statements[label].balance, statements[label].segment_revenue
    return statements
