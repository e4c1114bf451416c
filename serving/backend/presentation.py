"""The pipeline's results as the HTTP contract gives them."""

from __future__ import annotations

from datetime import UTC, datetime

from finrag_ml_tg1.answering.model_answer import ModelUse
from finrag_ml_tg1.answering.models.opening import EXTRACTIVE
from finrag_ml_tg1.events import FIRST_TOKEN, Result
from finrag_ml_tg1.index.catalog import Catalog
from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.vocabulary.items import item_title
from serving.backend.numbers import NumbersPresentation
from serving.backend.schemas.answers import (
    CitationOut,
    ContextInfo,
    FlagOut,
    Metadata,
    ModelUsage,
    QueryResponse,
    Resolved,
    ResolvedCompany,
)
from serving.backend.schemas.catalog import PassageOut

__all__ = ["model_usage", "passage", "query_response"]


def query_response(result: Result, catalog: Catalog, index_version: str, request_id: str = "") -> QueryResponse:
    """Return a pipeline result as the API gives it."""
    answer, scope = result.answer, result.scope
    numbers = NumbersPresentation(catalog, result.shown_at)
    return QueryResponse(
        request_id=request_id,
        query=result.question.as_asked or result.question.text,
        status="answered" if answer.is_answered else "abstained",
        answer=answer.markdown,
        flags=[
            FlagOut(kind=flag.kind, start=flag.start, end=flag.end, text=flag.text, reason=flag.reason)
            for flag in answer.flags
        ],
        citations=[
            CitationOut(
                n=citation.number,
                **passage(citation.passage).model_dump(exclude={"kind", "lead", "heading"}),
                highlights=list(citation.highlights),
                cited=citation.is_cited,
            )
            for citation in answer.citations
        ],
        facts=numbers.facts(result.found),
        calculations=numbers.calculations(result.found),
        resolved=Resolved(
            companies=[
                ResolvedCompany(cik=company.cik, name=company.name, tickers=list(company.tickers))
                for company in scope.companies
            ],
            fiscal_years=list(scope.fiscal_years),
            items=list(scope.items),
            metrics=list(result.plan.metrics) if result.plan else [],
            notes=list(scope.notes),
        ),
        metadata=Metadata(
            llm=model_usage(result.written),
            context=ContextInfo(
                kpi_included=result.found.is_found,
                rag_included=answer.context_length > 0,
                context_length=answer.context_length,
            ),
            timings_ms=result.timings_ms,
            index_version=index_version,
            timestamp=datetime.now(UTC),
            processing_time_ms=round(sum(ms for stage, ms in result.timings_ms.items() if stage != FIRST_TOKEN), 2),
        ),
    )


def model_usage(use: ModelUse | None) -> ModelUsage:
    """Return what a model used as the API gives it; without one nothing was used."""
    if use is None:
        return ModelUsage(
            model_id=EXTRACTIVE,
            model_key=EXTRACTIVE,
            input_tokens=0,
            output_tokens=0,
            total_tokens=0,
            cached_tokens=0,
            cost=0.0,
            price_known=True,
            stop_reason="end_turn",
            prompt_version=None,
            fallback=None,
        )
    usage = use.usage
    return ModelUsage(
        model_id=use.model_id,
        model_key=use.key,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        total_tokens=usage.total_tokens,
        cached_tokens=usage.cached_tokens,
        cost=float(use.cost),
        price_known=use.is_price_known,
        stop_reason=use.stop_reason or "error",
        prompt_version=use.prompt_version,
        fallback=use.fallback or None,
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
        item_title=item_title(record.item, record.fiscal_year),
        page=record.page_num,
        kind=record.kind,
        lead=record.lead,
        heading=record.heading,
        text=record.text,
        source_url=record.source_url,
    )
