"""What is covered, as `GET /catalog` tells it."""

from dataclasses import dataclass
from typing import Self

from serving.frontend.contract.json_row import JsonRow

__all__ = ["Catalog", "Company", "Filing", "Item", "Metric", "Model"]


@dataclass(frozen=True, slots=True)
class Filing:
    """One covered filing; `pointers` are those of its items that hold no text of their own."""

    form: str
    fiscal_year: int
    items: tuple[str, ...]
    pointers: tuple[str, ...] = ()


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
class Item:
    """An item that some covered filing has, with its title."""

    item: str
    title: str


@dataclass(frozen=True, slots=True)
class Model:
    """What can write an answer, by the key that chooses it; prices are USD for a million tokens, None: not known."""

    key: str
    model_id: str
    input_price: float | None
    output_price: float | None
    is_default: bool


@dataclass(frozen=True, slots=True)
class Catalog:
    """What `GET /catalog` says is covered, and can be asked for by name."""

    index_version: str | None
    companies: tuple[Company, ...]
    items: tuple[Item, ...]
    metrics: tuple[Metric, ...]
    models: tuple[Model, ...]

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the record, or raise `ContractError`."""
        row = JsonRow(value)
        return cls(
            index_version=row.optional_text("index_version"),
            companies=tuple(_read_company(company) for company in row.rows("companies")),
            items=tuple(Item(item.text("item"), item.text("title")) for item in row.rows("items")),
            metrics=tuple(Metric(metric.text("name"), metric.text("label")) for metric in row.rows("metrics")),
            models=tuple(_read_model(model) for model in row.rows("models")),
        )


def _read_company(row: JsonRow) -> Company:
    filings = tuple(
        Filing(
            form=filing.text("form"),
            fiscal_year=filing.integer("fiscal_year"),
            items=filing.texts("items"),
            pointers=tuple(item for item, _ in filing.row("coverage").text_pairs("pointers")),
        )
        for filing in row.rows("filings")
    )
    return Company(row.text("name"), row.texts("tickers"), filings)


def _read_model(row: JsonRow) -> Model:
    return Model(
        key=row.text("key"),
        model_id=row.text("model_id"),
        input_price=row.optional_number("input_price"),
        output_price=row.optional_number("output_price"),
        is_default=row.flag("is_default"),
    )
