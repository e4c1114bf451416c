"""The part of the HTTP contract the chat shows, as frozen records read from JSON.

Unknown fields are ignored, so that a newer back end stays readable. A field that is missing or of the wrong type
raises `ContractError`: the page then says so instead of showing half an answer.
"""

from dataclasses import dataclass
from typing import Self

from serving.frontend.figures import Calculation, Fact, read_calculations, read_facts
from serving.frontend.json_row import ContractError, JsonRow

__all__ = [
    "Answer",
    "Catalog",
    "Citation",
    "Company",
    "Filing",
    "Health",
    "Metric",
    "Passage",
    "PassageWindow",
]


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
class Citation:
    """One passage an answer rests on (`cited`) or that was found beside it.

    `highlights` are [start, end) pairs in Unicode code points of `text`, as the back end sent them.
    """

    n: int
    passage_id: str
    ticker: str | None
    company: str
    form: str
    fiscal_year: int | None
    accession: str
    item: str | None
    item_title: str | None
    page: int | None
    text: str
    highlights: tuple[tuple[int, int], ...]
    source_url: str | None
    cited: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What `POST /query` returned, as far as it is shown."""

    request_id: str
    status: str
    text: str
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
    processing_time_ms: float | None

    @property
    def abstained(self) -> bool:
        """Whether the filings held no answer."""
        return self.status == "abstained"

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
            citations=tuple(_read_citation(citation) for citation in row.rows("citations")),
            facts=read_facts(row, "facts"),
            calculations=read_calculations(row, "calculations"),
            companies=tuple(company.text("name") for company in resolved.rows("companies")),
            fiscal_years=resolved.texts("fiscal_years"),
            items=resolved.texts("items"),
            metrics=resolved.texts("metrics"),
            notes=resolved.texts("notes"),
            model_id=llm.optional_text("model_id"),
            cost=llm.optional_number("cost"),
            processing_time_ms=metadata.optional_number("processing_time_ms"),
        )


def _read_citation(row: JsonRow) -> Citation:
    return Citation(
        n=row.integer("n"),
        passage_id=row.text("passage_id"),
        ticker=row.optional_text("ticker"),
        company=row.text("company"),
        form=row.text("form"),
        fiscal_year=row.optional_integer("fiscal_year"),
        accession=row.text("accession"),
        item=row.optional_text("item"),
        item_title=row.optional_text("item_title"),
        page=row.optional_integer("page"),
        text=row.text("text"),
        highlights=tuple(_read_range(pair) for pair in row.items("highlights")),
        source_url=row.optional_text("source_url"),
        cited=row.flag("cited"),
    )


def _read_range(pair: object) -> tuple[int, int]:
    if isinstance(pair, list) and len(pair) == 2 and all(isinstance(edge, int) for edge in pair):
        return pair[0], pair[1]
    raise ContractError("field 'highlights' is not a list of [start, end] pairs")


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage of a filing as stored; `lead` is what is repeated when a table is split."""

    passage_id: str
    kind: str
    lead: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class PassageWindow:
    """A passage with its neighbours in the filing, in reading order."""

    passage: Passage
    before: tuple[Passage, ...]
    after: tuple[Passage, ...]

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the record, or raise `ContractError`."""
        row = JsonRow(value)
        return cls(
            passage=_read_passage(row.row("passage")),
            before=tuple(_read_passage(passage) for passage in row.rows("before")),
            after=tuple(_read_passage(passage) for passage in row.rows("after")),
        )


def _read_passage(row: JsonRow) -> Passage:
    return Passage(
        passage_id=row.text("passage_id"),
        kind=row.text("kind"),
        lead=row.optional_text("lead") or "",
        heading=row.optional_text("heading") or "",
        text=row.text("text"),
    )
