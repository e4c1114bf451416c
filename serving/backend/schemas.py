"""The HTTP contract: what is accepted and returned, and nothing else. Conversions from the pipeline's results."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from finrag_ml_tg1.index.catalog import Catalog
from finrag_ml_tg1.index.reader import PassageRecord
from finrag_ml_tg1.pipeline import Result
from finrag_ml_tg1.scope import MAX_QUESTION_CHARS, MIN_QUESTION_CHARS, Filters, Question
from finrag_ml_tg1.vocabulary.items import item_title

__all__ = [
    "CatalogResponse",
    "HealthResponse",
    "PassageResponse",
    "Problem",
    "QueryRequest",
    "QueryResponse",
    "catalog_response",
    "passage",
    "query_response",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


Ticker = Annotated[str, StringConstraints(min_length=1, max_length=12)]
ItemName = Annotated[str, StringConstraints(pattern=r"^(?:I{1,2}-)?(?:1[0-6]|[1-9])[ABC]?$")]
FormName = Annotated[str, StringConstraints(pattern=r"^(?:10-K|10-Q|8-K|10-KT?)(?:/A)?$")]


class QueryFilters(_Strict):
    """Fixes the scope by hand; an empty list leaves it to the question."""

    tickers: list[Ticker] = Field(default_factory=list, max_length=50)
    fiscal_years: list[Annotated[int, Field(ge=1980, le=2100)]] = Field(default_factory=list, max_length=50)
    items: list[ItemName] = Field(default_factory=list, max_length=30)
    forms: list[FormName] = Field(default_factory=list, max_length=8)


class Turn(_Strict):
    """One earlier turn of the conversation."""

    role: Literal["user", "assistant"]
    content: Annotated[str, StringConstraints(max_length=4_000)]


class QueryRequest(_Strict):
    """A question and how to answer it."""

    question: Annotated[str, StringConstraints(min_length=MIN_QUESTION_CHARS, max_length=MAX_QUESTION_CHARS)]
    include_kpi: bool = True
    include_rag: bool = True
    model_key: Literal["extractive"] | None = None
    filters: QueryFilters | None = None
    history: list[Turn] = Field(default_factory=list, max_length=20)
    top_k: Annotated[int, Field(ge=1, le=50)] | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> QueryRequest:
        if not (self.include_kpi or self.include_rag):
            raise ValueError("include_kpi and include_rag are both false: at least one must be true")
        return self

    def to_question(self) -> Question:
        """Return the question as the pipeline takes it."""
        chosen = self.filters or QueryFilters()
        filters = Filters(
            tickers=tuple(chosen.tickers),
            fiscal_years=tuple(sorted(set(chosen.fiscal_years))),
            items=tuple(chosen.items),
            forms=tuple(chosen.forms),
        )
        return Question(self.question, filters, self.top_k, self.include_rag)


class CitationOut(BaseModel):
    """A passage behind `[n]`; `highlights` count Unicode code points into `text`."""

    n: int
    passage_id: str
    ticker: str
    company: str
    form: str
    fiscal_year: int
    accession: str
    item: str
    item_title: str
    page: int | None
    text: str
    highlights: list[tuple[int, int]]
    source_url: str | None
    cited: bool


class FactOut(BaseModel):
    """One tagged number in its base unit."""

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
    citation: int | None


class CalculationOut(BaseModel):
    """Arithmetic on facts, shown."""

    name: str
    formula: str
    inputs: list[FactOut]
    value: float
    unit: str


class ResolvedCompany(BaseModel):
    """A company the question was understood to name."""

    cik: int
    name: str
    tickers: list[str]


class Resolved(BaseModel):
    """What the question was understood to be about, and what had to be assumed."""

    companies: list[ResolvedCompany]
    fiscal_years: list[int]
    items: list[str]
    metrics: list[str]
    notes: list[str]


class ModelUsage(BaseModel):
    """What the language model used; zero for extractive answers. `cost` is in USD."""

    model_id: str
    input_tokens: int
    output_tokens: int
    total_tokens: int
    cost: float
    stop_reason: str


class ContextInfo(BaseModel):
    """What the answer was made from; `context_length` is in characters."""

    kpi_included: bool
    rag_included: bool
    context_length: int


class Metadata(BaseModel):
    """How the answer came about."""

    llm: ModelUsage
    context: ContextInfo
    timings_ms: dict[str, float]
    index_version: str
    timestamp: datetime
    processing_time_ms: float


class QueryResponse(BaseModel):
    """An answer with its evidence, or an abstention that says what is covered."""

    request_id: str
    query: str
    status: Literal["answered", "abstained"]
    answer: str
    citations: list[CitationOut]
    facts: list[FactOut]
    calculations: list[CalculationOut]
    resolved: Resolved
    metadata: Metadata


class PassageOut(BaseModel):
    """One passage; `lead` repeats the caption and header of a table that was split."""

    passage_id: str
    ticker: str
    company: str
    form: str
    fiscal_year: int
    accession: str
    item: str
    item_title: str
    page: int | None
    kind: str
    lead: str
    heading: str
    text: str
    source_url: str | None


class PassageResponse(BaseModel):
    """A passage with its neighbours in the filing, in text order."""

    passage: PassageOut
    before: list[PassageOut]
    after: list[PassageOut]


class ItemCoverage(BaseModel):
    """How much of a filing was read: characters of text, passages, and what its reader noted."""

    characters: int
    passages: int
    notes: list[str]


class FilingOut(BaseModel):
    """One covered filing."""

    form: str
    fiscal_year: int
    period_end: str
    accession: str
    items: list[str]
    coverage: ItemCoverage


class CompanyOut(BaseModel):
    """One covered company."""

    cik: int
    name: str
    tickers: list[str]
    filings: list[FilingOut]


class MetricOut(BaseModel):
    """A metric that can be asked for by name."""

    name: str
    label: str
    unit: str


class CatalogResponse(BaseModel):
    """What the index covers."""

    index_version: str
    companies: list[CompanyOut]
    metrics: list[MetricOut]


class HealthResponse(BaseModel):
    """The state of the process and its index."""

    status: Literal["ok", "degraded", "unavailable"]
    store: str
    index_version: str | None
    filings: int
    passages: int
    uptime_s: float
    rss_mb: float


class FieldError(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    message: str


class Problem(BaseModel):
    """An error as RFC 9457 describes it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[FieldError] | None = None


def query_response(result: Result, index_version: str, request_id: str = "") -> QueryResponse:
    """Return a pipeline result as the API gives it."""
    answer, scope = result.answer, result.scope
    return QueryResponse(
        request_id=request_id,
        query=result.question.text,
        status="answered" if answer.is_answered else "abstained",
        answer=answer.markdown,
        citations=[
            CitationOut(
                n=citation.number,
                **passage(citation.passage).model_dump(exclude={"kind", "lead", "heading"}),
                highlights=list(citation.highlights),
                cited=citation.is_cited,
            )
            for citation in answer.citations
        ],
        facts=[],
        calculations=[],
        resolved=Resolved(
            companies=[
                ResolvedCompany(cik=company.cik, name=company.name, tickers=list(company.tickers))
                for company in scope.companies
            ],
            fiscal_years=list(scope.fiscal_years),
            items=list(scope.items),
            metrics=[],
            notes=list(scope.notes),
        ),
        metadata=Metadata(
            llm=ModelUsage(
                model_id="extractive", input_tokens=0, output_tokens=0, total_tokens=0, cost=0.0, stop_reason="end_turn"
            ),
            context=ContextInfo(
                kpi_included=False, rag_included=answer.context_length > 0, context_length=answer.context_length
            ),
            timings_ms=result.timings_ms,
            index_version=index_version,
            timestamp=datetime.now(UTC),
            processing_time_ms=round(sum(result.timings_ms.values()), 2),
        ),
    )


def passage(record: PassageRecord) -> PassageOut:
    """Return a passage as the API gives it."""
    return PassageOut(
        passage_id=record.passage_id,
        ticker=record.ticker,
        company=record.company,
        form=record.form,
        fiscal_year=record.fiscal_year,
        accession=record.accession,
        item=record.item,
        item_title=item_title(record.item),
        page=record.page_num,
        kind=record.kind,
        lead=record.lead,
        heading=record.heading,
        text=record.text,
        source_url=record.source_url,
    )


def catalog_response(catalog: Catalog, index_version: str) -> CatalogResponse:
    """Return what an index covers, companies by name, filings newest first."""
    filings: dict[int, list[FilingOut]] = {}
    for row in catalog.filings.sort("period_end", descending=True).iter_rows(named=True):
        filings.setdefault(row["cik"], []).append(
            FilingOut(
                form=row["form"],
                fiscal_year=row["fiscal_year"],
                period_end=row["period_end"].isoformat(),
                accession=row["accession"],
                items=[span["item"] for span in row["items"]],
                coverage=ItemCoverage(characters=row["characters"], passages=row["passages"], notes=row["notes"]),
            )
        )
    companies = [
        CompanyOut(cik=company.cik, name=company.name, tickers=list(company.tickers), filings=filings[company.cik])
        for company in catalog.companies
    ]
    return CatalogResponse(index_version=index_version, companies=companies, metrics=[])
