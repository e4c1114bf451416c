"""The part of the HTTP contract the chat shows, as frozen records read from JSON.

Unknown fields are ignored, so that a newer back end stays readable. A field that is missing or of the wrong type
raises `ContractError`: the page then says so instead of showing half an answer.
"""

from dataclasses import dataclass
from typing import Self

from serving.frontend.figures import Calculation, Fact, read_calculations, read_facts
from serving.frontend.flags import Flag, read_flag
from serving.frontend.json_row import JsonRow
from serving.frontend.passages import Citation, read_citation

__all__ = [
    "Answer",
    "Catalog",
    "Company",
    "Filing",
    "Health",
    "Metric",
]

_EXTRACTIVE = "extractive"


@dataclass(frozen=True, slots=True)
class Health:
    """What `GET /health` says."""

    status: str
    store: str | None
    index_version: str | None
    filings: int | None
    passages: int | None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the record, or raise `ContractError`."""
        row = JsonRow(value)
        return cls(
            status=row.text("status"),
            store=row.optional_text("store"),
            index_version=row.optional_text("index_version"),
            filings=row.optional_integer("filings"),
            passages=row.optional_integer("passages"),
        )


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


@dataclass(frozen=True, slots=True)
class Answer:
    """What `POST /query` returned, as far as it is shown."""

    request_id: str
    status: str
    text: str
    flags: tuple[Flag, ...]
    citations: tuple[Citation, ...]
    facts: tuple[Fact, ...]
    calculations: tuple[Calculation, ...]
    companies: tuple[str, ...]
    fiscal_years: tuple[str, ...]
    items: tuple[str, ...]
    metrics: tuple[str, ...]
    notes: tuple[str, ...]
    model_id: str | None
    cost: float | None
    is_price_known: bool
    is_quoted: bool
    is_kept: bool
    processing_time_ms: float | None

    @property
    def abstained(self) -> bool:
        """Whether the filings held no answer."""
        return self.status == "abstained"

    @property
    def is_numeric(self) -> bool:
        """Whether the answer rests on tagged numbers."""
        return bool(self.facts or self.calculations)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the record, or raise `ContractError`."""
        row = JsonRow(value)
        resolved, metadata = row.row("resolved"), row.row("metadata")
        llm = metadata.row("llm")
        return cls(
            request_id=row.text("request_id"),
            status=row.text("status"),
            text=row.text("answer"),
            flags=tuple(read_flag(flag) for flag in row.rows("flags")),
            citations=tuple(read_citation(citation) for citation in row.rows("citations")),
            facts=read_facts(row, "facts"),
            calculations=read_calculations(row, "calculations"),
            companies=tuple(company.text("name") for company in resolved.rows("companies")),
            fiscal_years=resolved.texts("fiscal_years"),
            items=resolved.texts("items"),
            metrics=resolved.texts("metrics"),
            notes=resolved.texts("notes"),
            model_id=llm.optional_text("model_id"),
            cost=llm.optional_number("cost"),
            is_price_known=llm.flag("price_known"),
            is_quoted=llm.optional_text("model_id") == _EXTRACTIVE or bool(llm.optional_text("fallback")),
            is_kept=metadata.flag("cached"),
            processing_time_ms=metadata.optional_number("processing_time_ms"),
        )
