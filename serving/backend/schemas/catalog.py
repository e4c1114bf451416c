"""What is covered, passages, and the state of the process."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from serving.http.problems import Problem

__all__ = [
    "CatalogResponse",
    "CompanyOut",
    "FilingCoverageOut",
    "FilingOut",
    "HealthResponse",
    "ItemDoubt",
    "ItemOut",
    "MetricOut",
    "ModelOut",
    "NotReadyProblem",
    "PassageOut",
    "PassageResponse",
]


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


class ItemOut(BaseModel):
    """An item that some covered filing has ("1A"; "II-1A" in a 10-Q), with the title today's form gives it."""

    item: str
    title: str


class ModelOut(BaseModel):
    """What can write an answer, by the `model_key` that chooses it; `extractive` quotes the filings and is free.

    Prices are USD for a million tokens, null where they are not known. `is_default` writes when no key is given.
    """

    key: str
    model_id: str
    input_price: float | None
    output_price: float | None
    is_default: bool


class CatalogResponse(BaseModel):
    """What the index covers, and what can be asked for by name."""

    index_version: str
    companies: list[CompanyOut]
    items: list[ItemOut]
    metrics: list[MetricOut]
    models: list[ModelOut]


class HealthResponse(BaseModel):
    """The state of the process and its index.

    `refresh_error` says why the index that answers is not, or may not be, the one that is current in the store;
    `warnings` what does not work although questions are answered, such as a query log that the store does not allow.
    `shared_redis` tells whether the Redis that back ends share answers, null where none is set; while it does not, each
    goes by its own memory. `detail` says why no question can be answered: `storage unavailable`, or what is in the way.
    """

    status: Literal["ok", "degraded", "unavailable"]
    store: str
    index_version: str | None
    filings: int
    passages: int
    refresh_error: str | None
    warnings: list[str]
    shared_redis: Literal["ok", "unreachable"] | None
    detail: str | None
    uptime_s: float
    rss_mb: float


class NotReadyProblem(Problem):
    """Why no question can be answered now, in words and for programs.

    `loading`: the index is being opened and needs nothing but time; `obstacle`: what `detail` names is in the way;
    `stopping`: the process is about to end.
    """

    reason: Literal["loading", "obstacle", "stopping"]
