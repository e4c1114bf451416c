"""A response as the API gives it, for what keeps and counts responses."""

from __future__ import annotations

from datetime import UTC, datetime

from serving.backend.schemas.answers import ContextInfo, Metadata, ModelUsage, QueryResponse, Resolved

__all__ = ["THEN", "response"]

THEN = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def response(answer: str = "Revenue was $1. [1]") -> QueryResponse:
    """Return a response that a model wrote."""
    return QueryResponse(
        request_id="request-of-then",
        query="What was the revenue of Orquenna in 2024?",
        status="answered",
        answer=answer,
        flags=[],
        citations=[],
        facts=[],
        calculations=[],
        resolved=Resolved(companies=[], fiscal_years=[2024], items=[], metrics=["revenue"], notes=["a note"]),
        metadata=Metadata(
            llm=ModelUsage(
                model_id="m",
                model_key="premium",
                input_tokens=900,
                output_tokens=50,
                total_tokens=950,
                cached_tokens=300,
                price_known=True,
                cost=0.25,
                stop_reason="end_turn",
                prompt_version="p1",
                fallback=None,
            ),
            context=ContextInfo(kpi_included=True, rag_included=True, context_length=10),
            timings_ms={"understanding": 1.0, "model": 900.0},
            index_version="v1",
            timestamp=THEN,
            processing_time_ms=901.0,
        ),
    )
