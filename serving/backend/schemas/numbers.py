"""Numbers as the API gives them: facts, calculations, and what is missing."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

__all__ = ["CalculationOut", "FactOut", "FactsResponse", "MissingOut"]


class FactOut(BaseModel):
    """One number of a filing in its base unit; `metric` is empty for a line that is no registered metric.

    `source` is "table" where the filing carries no tags and the number was read from its statement.
    """

    metric: str
    concept: str
    label: str
    value: float
    unit: str
    period_start: str | None
    period_end: str
    fiscal_year: int
    dimensions: dict[str, str]
    accession: str
    fiscal_period: str
    ticker: str
    company: str
    source: Literal["tagged", "companyfacts", "table"]
    citation: int | None


class CalculationOut(BaseModel):
    """Arithmetic on facts, shown: `formula` in names, `expression` with the numbers put in.

    `value` is not rounded. `display` says how it is shown: "percent" and "points" are ratios times 100.
    """

    name: str
    metric: str
    formula: str
    expression: str
    inputs: list[FactOut]
    value: float
    unit: str
    display: Literal["number", "money", "percent", "points", "basis points", "times", "days"]
    ticker: str
    company: str
    fiscal_year: int | None
    notes: list[str]


class MissingOut(BaseModel):
    """A number that was asked for and cannot be given, and why."""

    company: str
    ticker: str
    metric: str
    fiscal_year: int | None
    reason: str


class FactsResponse(BaseModel):
    """Numbers for programs and compare pages; what is missing is named, never left out in silence."""

    index_version: str
    facts: list[FactOut]
    calculations: list[CalculationOut]
    missing: list[MissingOut]
