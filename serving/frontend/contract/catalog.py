"""What is covered, as `GET /catalog` tells it."""

from dataclasses import dataclass
from typing import Self

from serving.frontend.contract.json_row import JsonRow

__all__ = ["Catalog", "Company", "Filing", "Metric"]


@dataclass(frozen=True, slots=True)
class Filing:
    """One covered filing."""

    form: str
    fiscal_year: int
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Company:
    """One covered company and its filings."""

    name: str
    tickers: tuple[str, ...]
    filings: tuple[Filing, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure the back end can look up."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """What `GET /catalog` says is covered."""

    index_version: str | None
    companies: tuple[Company, ...]
    metrics: tuple[Metric, ...]

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the record, or raise `ContractError`."""
        row = JsonRow(value)
        return cls(
            index_version=row.optional_text("index_version"),
            companies=tuple(_read_company(company) for company in row.rows("companies")),
            metrics=tuple(Metric(metric.text("name"), metric.text("label")) for metric in row.rows("metrics")),
        )


def _read_company(row: JsonRow) -> Company:
    filings = tuple(
        Filing(filing.text("form"), filing.integer("fiscal_year"), filing.texts("items"))
        for filing in row.rows("filings")
    )
    return Company(row.text("name"), row.texts("tickers"), filings)
