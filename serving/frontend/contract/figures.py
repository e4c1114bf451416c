"""Tagged numbers and calculations of the HTTP contract, read from JSON without losing a digit."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from serving.frontend.contract.json_row import JsonRow

__all__ = ["Calculation", "Fact", "Figure", "Figures", "Missing", "format_exact", "read_calculations", "read_facts"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One number of a filing in its base unit; `citation` is the source it is printed in, None when printed nowhere.

    `dimensions` are (axis, member) pairs; `fiscal_period` is "" when the back end does not tell it.
    """

    company: str
    ticker: str
    metric: str
    concept: str
    label: str
    value: Decimal
    unit: str
    period_start: str | None
    period_end: str
    fiscal_year: int | None
    fiscal_period: str
    dimensions: tuple[tuple[str, str], ...]
    accession: str
    source: str
    citation: int | None

    @property
    def period(self) -> str:
        """The fiscal period in short, for example "FY2024" or "Q1 FY2025"; the end date when there is no label."""
        return _name_period(self.fiscal_year, self.fiscal_period) or self.period_end


@dataclass(frozen=True, slots=True)
class Calculation:
    """Arithmetic on facts: `formula` in names, `expression` with the numbers put in; `value` is not rounded.

    `display` says how the value is meant: number, money, percent, points, times or days.
    """

    company: str
    ticker: str
    metric: str
    name: str
    formula: str
    expression: str
    value: Decimal
    unit: str
    display: str
    fiscal_year: int | None
    inputs: tuple[Fact, ...]

    @property
    def measure(self) -> str:
        """What was calculated, without its period: "Gross margin" for "Gross margin, fiscal 2024"."""
        measure, comma, period = self.name.rpartition(", ")
        return measure if comma and "fiscal" in period else self.name

    @property
    def period(self) -> str:
        """The fiscal period in short; that of the inputs where they agree, so that quarters are told apart."""
        parts = {fact.fiscal_period for fact in self.inputs}
        return _name_period(self.fiscal_year, parts.pop() if len(parts) == 1 else "")


Figure = Fact | Calculation


@dataclass(frozen=True, slots=True)
class Missing:
    """A number that was asked for and cannot be given; `company` is "" when it is not known."""

    company: str
    ticker: str
    reason: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What `GET /facts` returned."""

    facts: tuple[Fact, ...]
    calculations: tuple[Calculation, ...]
    missing: tuple[Missing, ...]

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the record, or raise `ContractError`."""
        row = JsonRow(value)
        missing = tuple(
            Missing(each.optional_text("company") or "", each.optional_text("ticker") or "", each.text("reason"))
            for each in row.rows("missing")
        )
        return cls(read_facts(row, "facts"), read_calculations(row, "calculations"), missing)


def _name_period(fiscal_year: int | None, fiscal_period: str) -> str:
    if fiscal_year is None:
        return ""
    return f"FY{fiscal_year}" if fiscal_period in {"", "FY"} else f"{fiscal_period} FY{fiscal_year}"


def format_exact(value: Decimal, *, grouped: bool = False) -> str:
    """Return every digit of a number and nothing more: no exponent, no zeros at the end of a fraction."""
    digits = f"{value:,f}" if grouped else f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def read_facts(row: JsonRow, name: str) -> tuple[Fact, ...]:
    """Return the facts listed in a field, or raise `ContractError`."""
    return tuple(_read_fact(fact) for fact in row.rows(name))


def read_calculations(row: JsonRow, name: str) -> tuple[Calculation, ...]:
    """Return the calculations listed in a field, or raise `ContractError`."""
    return tuple(_read_calculation(calculation) for calculation in row.rows(name))


def _read_fact(row: JsonRow) -> Fact:
    return Fact(
        company=row.optional_text("company") or "",
        ticker=row.optional_text("ticker") or "",
        metric=row.text("metric"),
        concept=row.text("concept"),
        label=row.text("label"),
        value=row.decimal("value"),
        unit=row.text("unit"),
        period_start=row.optional_text("period_start"),
        period_end=row.text("period_end"),
        fiscal_year=row.optional_integer("fiscal_year"),
        fiscal_period=row.optional_text("fiscal_period") or "",
        dimensions=row.text_pairs("dimensions"),
        accession=row.text("accession"),
        source=row.optional_text("source") or "",
        citation=row.optional_integer("citation"),
    )


def _read_calculation(row: JsonRow) -> Calculation:
    return Calculation(
        company=row.optional_text("company") or "",
        ticker=row.optional_text("ticker") or "",
        metric=row.optional_text("metric") or "",
        name=row.text("name"),
        formula=row.text("formula"),
        expression=row.optional_text("expression") or "",
        value=row.decimal("value"),
        unit=row.text("unit"),
        display=row.optional_text("display") or "number",
        fiscal_year=row.optional_integer("fiscal_year"),
        inputs=read_facts(row, "inputs"),
    )
