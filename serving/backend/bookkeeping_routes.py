"""The routes of the books: what was used, and what readers say. They answer with and without an index."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from serving.backend.bookkeeping import Bookkeeping
from serving.backend.schemas.usage import (
    BudgetOut,
    FeedbackRequest,
    FeedbackResponse,
    Latency,
    TotalUsage,
    UsageResponse,
    UsageTotals,
)
from serving.backend.usage import Totals
from serving.http.openapi import problems

__all__ = ["OpenBooks", "bookkeeping_router"]

bookkeeping_router = APIRouter()


def _books(request: Request) -> Bookkeeping:
    books = request.app.state.books
    assert isinstance(books, Bookkeeping)
    return books


OpenBooks = Annotated[Bookkeeping, Depends(_books)]


@bookkeeping_router.post("/feedback", status_code=202, responses=problems(400, 401, 413, 422, 503))
async def feedback(body: FeedbackRequest, books: OpenBooks) -> FeedbackResponse:
    """Store what a reader says about an answer; it is in the store when 202 is sent.

    503 with `Retry-After` when that failed, and without it when this server keeps no feedback.
    """
    await books.accept_feedback(body)
    return FeedbackResponse()


@bookkeeping_router.get("/usage", responses=problems(401))
async def usage(books: OpenBooks) -> UsageResponse:
    """Return tokens, cost and time of today and in total, and what is left of today's budget."""
    budget = books.budget.state()
    return UsageResponse(
        since_start_only=books.counts_since_start_only,
        today=_totals(books.usage.today()),
        total=TotalUsage(since=books.usage.since, **_totals(books.usage.total()).model_dump()),
        latency_ms=Latency(p50=books.usage.latency_ms(0.5), p95=books.usage.latency_ms(0.95)),
        budget=BudgetOut(
            daily_usd=None if budget.daily_usd is None else float(budget.daily_usd),
            spent_today_usd=float(budget.spent_today_usd),
            left_usd=None if budget.left_usd is None else float(budget.left_usd),
            is_spent=budget.is_spent,
            is_complete=budget.is_complete,
        ),
    )


def _totals(totals: Totals) -> UsageTotals:
    return UsageTotals(
        queries=totals.queries,
        input_tokens=totals.input_tokens,
        output_tokens=totals.output_tokens,
        cached_tokens=totals.cached_tokens,
        cost_usd=float(totals.cost_usd),
    )
