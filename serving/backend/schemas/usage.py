"""What readers say, and what was used."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from serving.http.strict import Strict

__all__ = ["BudgetOut", "FeedbackRequest", "FeedbackResponse", "Latency", "TotalUsage", "UsageResponse", "UsageTotals"]


class FeedbackRequest(Strict):
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
    """What was used, in tokens, US dollars and time. Days are UTC.

    With `since_start_only` nothing before this process's start is counted: the query log is off, or the store does not
    allow reading it.
    """

    since_start_only: bool
    today: UsageTotals
    total: TotalUsage
    latency_ms: Latency
    budget: BudgetOut
