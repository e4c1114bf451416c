"""What is covered, as `GET /catalog` tells it.

One catalog is kept for a whole process, and thousands of filings say the same of their items: equal texts and lists
are held once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from serving.frontend.contract.json_row import JsonRow

__all__ = ["Catalog", "Company", "Coverage", "Filing", "Item", "Metric", "Model"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read of a filing.

    `share_in_items` is the part (0 to 1) of its text that lies in items. `pointers` are items without text of their own
    and what they say instead, `doubts` items that may not have been read whole and why: (item, words) pairs.
    `checks_made` counts the totals of its statements held against their parts, `checks_held` those that are equal.
    """

    passages: int
    facts: int
    checks_made: int
    checks_held: int
    items_expected: int
    items_found: int
    items_missing: tuple[str, ...]
    share_in_items: float
    pointers: tuple[tuple[str, str], ...]
    doubts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filing:
    """One covered filing; `period_end` is an ISO date."""

    form: str
    fiscal_year: int
    period_end: str
    accession: str
    items: tuple[str, ...]
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Company:
    """One covered company and its filings, newest first."""

    cik: int
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
    """What `GET /catalog` says is covered, companies by name, and can be asked for by name."""

    index_version: str | None
    companies: tuple[Company, ...]
    items: tuple[Item, ...]
    metrics: tuple[Metric, ...]
    models: tuple[Model, ...]

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the record, or raise `ContractError`."""
        row = JsonRow(value)
        read = _Reader()
        return cls(
            index_version=row.optional_text("index_version"),
            companies=tuple(read.company(company) for company in row.rows("companies")),
            items=tuple(Item(item.text("item"), item.text("title")) for item in row.rows("items")),
            metrics=tuple(Metric(metric.text("name"), metric.text("label")) for metric in row.rows("metrics")),
            models=tuple(_read_model(model) for model in row.rows("models")),
        )


def _read_model(row: JsonRow) -> Model:
    return Model(
        key=row.text("key"),
        model_id=row.text("model_id"),
        input_price=row.optional_number("input_price"),
        output_price=row.optional_number("output_price"),
        is_default=row.flag("is_default"),
    )


class _Reader:
    """Reads the companies of one catalog; texts and lists that are equal become one object."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._lists: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._pair: dict[tuple[str, str], tuple[str, str]] = {}

    def company(self, row: JsonRow) -> Company:
        filings = tuple(self._filing(filing) for filing in row.rows("filings"))
        return Company(row.integer("cik"), row.text("name"), row.texts("tickers"), filings)

    def _filing(self, row: JsonRow) -> Filing:
        return Filing(
            form=self._text(row.text("form")),
            fiscal_year=row.integer("fiscal_year"),
            period_end=self._text(row.text("period_end")),
            accession=row.text("accession"),
            items=self._list(row.texts("items")),
            coverage=self._coverage(row.row("coverage")),
        )

    def _coverage(self, row: JsonRow) -> Coverage:
        doubts = [(doubt.text("item"), doubt.text("reason")) for doubt in row.rows("doubts")]
        return Coverage(
            passages=row.integer("passages"),
            facts=row.integer("facts"),
            checks_made=row.integer("checks_made"),
            checks_held=row.integer("checks_held"),
            items_expected=row.integer("items_expected"),
            items_found=row.integer("items_found"),
            items_missing=self._list(row.texts("items_missing")),
            share_in_items=float(row.decimal("share_in_items")),
            pointers=self._pairs(row.text_pairs("pointers")),
            doubts=self._pairs(doubts),
            notes=self._list(row.texts("notes")),
        )

    def _text(self, text: str) -> str:
        return self._texts.setdefault(text, text)

    def _list(self, texts: Sequence[str]) -> tuple[str, ...]:
        shared = tuple(map(self._text, texts))
        return self._lists.setdefault(shared, shared)

    def _pairs(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple(self._pair.setdefault(pair, pair) for pair in pairs)
