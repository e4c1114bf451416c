"""The HTTP contract: what is accepted and returned, and nothing else."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from finrag_ml_tg1.scope import MAX_QUESTION_CHARS, MIN_QUESTION_CHARS, Filters, Question
from finrag_ml_tg1.scope import Turn as EarlierTurn

__all__ = [
    "CatalogResponse",
    "FactsResponse",
    "FeedbackRequest",
    "FeedbackResponse",
    "HealthResponse",
    "PassageResponse",
    "Problem",
    "QueryRequest",
    "QueryResponse",
    "SourcesOut",
    "StageOut",
    "TokenOut",
    "UsageResponse",
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
    model_key: Annotated[str, StringConstraints(max_length=60)] | None = None
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
        history = tuple(EarlierTurn(turn.role, turn.content) for turn in self.history)
        return Question(self.question, filters, self.top_k, self.include_rag, self.include_kpi, history)


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


class FlagOut(BaseModel):
    """Something a language model wrote that the evidence does not bear out: [start, end) of `answer` in code points.

    "number": the figure stands in no fact, calculation or cited text. "unsupported": the sentence cites nothing, or
    passages that do not speak of it.
    """

    kind: Literal["number", "unsupported"]
    start: int
    end: int
    text: str
    reason: str


class ModelUsage(BaseModel):
    """What the language model used; zero for extractive answers. `cost` is in USD.

    `model_key` is the profile that was asked, or "extractive". `fallback` says why a model that was asked did not write
    the answer after all. `prompt_version` names the wording it was asked with. Without `price_known` the cost is 0
    because nobody said what the model's tokens cost.
    """

    model_id: str
    model_key: str
    input_tokens: int
    output_tokens: int
    total_tokens: int
    cached_tokens: int
    cost: float
    price_known: bool
    stop_reason: str
    prompt_version: str | None
    fallback: str | None


class ContextInfo(BaseModel):
    """What the answer was made from; `context_length` is in characters."""

    kpi_included: bool
    rag_included: bool
    context_length: int


class Metadata(BaseModel):
    """How the answer came about.

    `cached`: it was given before, to the same question, and costs nothing this time.
    """

    llm: ModelUsage
    context: ContextInfo
    timings_ms: dict[str, float]
    index_version: str
    timestamp: datetime
    processing_time_ms: float
    cached: bool = False


class QueryResponse(BaseModel):
    """An answer with its evidence, or an abstention that says what is covered."""

    request_id: str
    query: str
    status: Literal["answered", "abstained"]
    answer: str
    flags: list[FlagOut]
    citations: list[CitationOut]
    facts: list[FactOut]
    calculations: list[CalculationOut]
    resolved: Resolved
    metadata: Metadata


class StageOut(BaseModel):
    """A `status` event: a step that is done, and the milliseconds it took."""

    stage: str
    ms: float


class SourcesOut(BaseModel):
    """A `sources` event: what the answer is made from, before it is written."""

    citations: list[CitationOut]
    facts: list[FactOut]
    calculations: list[CalculationOut]


class TokenOut(BaseModel):
    """A `token` event: some more of the answer's Markdown, until `done` gives the whole."""

    text: str


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


class ItemDoubt(BaseModel):
    """An item that may not have been read whole, and why."""

    item: str
    reason: str


class FilingCoverageOut(BaseModel):
    """What was read of a filing.

    `share_in_items` is the part (0 to 1) of its text that lies in items. `pointers` names the items that hold no text
    of their own, with what they say instead. `checks_made` counts the totals of its statements that were held against
    their parts, `checks_held` those that are equal; `notes` name the others, and numbers not tagged as printed.
    """

    characters: int
    passages: int
    facts: int
    checks_made: int
    checks_held: int
    items_expected: int
    items_found: int
    items_missing: list[str]
    share_in_items: float
    pointers: dict[str, str]
    doubts: list[ItemDoubt]
    notes: list[str]


class FilingOut(BaseModel):
    """One covered filing."""

    form: str
    fiscal_year: int
    period_end: str
    accession: str
    items: list[str]
    coverage: FilingCoverageOut


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


class FeedbackRequest(_Strict):
    """What a reader says about an answer: that it is good, or what of it is wrong; `request_id` is the answer's."""

    request_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{8,64}$")]
    verdict: Literal["good", "answer_wrong", "evidence_wrong"]
    comment: Annotated[str, StringConstraints(max_length=2_000)] = ""


class FeedbackResponse(BaseModel):
    """The feedback is stored."""

    accepted: Literal[True] = True


class UsageTotals(BaseModel):
    """Sums over queries, failed and repeated ones included; `cached_tokens` are part of `input_tokens`."""

    queries: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: float


class TotalUsage(UsageTotals):
    """Sums since the beginning of a day: at most 31 days before this process started, as far as the log is read.

    Counted are what the query log held when this process started (with what other processes had written by then) and
    this process's own queries. Of a busy log fewer days are read. Reading goes back from today after each start.
    """

    since: date


class Latency(BaseModel):
    """Milliseconds that half and 95 % of this process's latest 1,000 queries took at most; null before the first."""

    p50: float | None
    p95: float | None


class BudgetOut(BaseModel):
    """What language models may cost today (UTC); `daily_usd` and `left_usd` are null without a limit.

    Once `is_spent`, answers quote the filings until the next day. While `is_complete` is false, what was spent today
    before this process started is not wholly known: the log is being read, or the store is away.
    """

    daily_usd: float | None
    spent_today_usd: float
    left_usd: float | None
    is_spent: bool
    is_complete: bool


class UsageResponse(BaseModel):
    """What was used, in tokens, US dollars and time. Days are UTC."""

    today: UsageTotals
    total: TotalUsage
    latency_ms: Latency
    budget: BudgetOut


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
