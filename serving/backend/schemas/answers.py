"""An answer as the API gives it, whole and as the events of a stream."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from serving.backend.schemas.numbers import CalculationOut, FactOut

__all__ = [
    "CitationOut",
    "ContextInfo",
    "FlagOut",
    "Metadata",
    "ModelUsage",
    "QueryResponse",
    "Resolved",
    "ResolvedCompany",
    "SourcesOut",
    "StageOut",
    "TokenOut",
]


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
