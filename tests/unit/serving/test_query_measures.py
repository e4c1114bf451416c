"""A query is in the metrics and in its request's line, by figures and by names that are few."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.backend.app import create_app
from serving.backend.bookkeeping import Bookkeeping
from serving.backend.query_measures import QueryMeasures
from serving.backend.query_record import QueryRecord, StageTime
from serving.http.request_context import begin_request, current_request
from tests.event_loops import run
from tests.unit.serving.model_response import THEN, response

WRITTEN = QueryRecord(
    request_id="r", timestamp=THEN, status="answered", total_ms=1_500.0, question_chars=20, model_id="m",
    input_tokens=900, output_tokens=50, cached_tokens=300, cost_usd=Decimal("0.25"),
    timings_ms=(StageTime("facts", 20.0), StageTime("writing", 1_400.0), StageTime("first_token", 400.0)),
    index_version="v1", is_fallback=True, question="What of Orquenna?", answer="Orquenna",
)  # fmt: skip


def test_query_is_counted_by_status_stage_and_model() -> None:
    registry = CollectorRegistry()
    measures = QueryMeasures(registry)
    measures.enter(WRITTEN)
    measures.enter(QueryRecord("s", THEN, "abstained", 3.0, 20, is_cached=True))
    value = registry.get_sample_value
    assert value("finrag_queries_total", {"status": "answered"}) == 1
    assert value("finrag_queries_total", {"status": "abstained"}) == 1
    assert value("finrag_queries_total", {"status": "cancelled"}) == 0
    assert value("finrag_queries_cached_total") == 1
    assert value("finrag_queries_fallback_total") == 1
    assert value("finrag_model_tokens_total", {"model": "m", "kind": "input"}) == 900
    assert value("finrag_model_tokens_total", {"model": "m", "kind": "cached_input"}) == 300
    assert value("finrag_model_tokens_total", {"model": "m", "kind": "output"}) == 50
    assert value("finrag_model_cost_usd_total", {"model": "m"}) == 0.25
    assert value("finrag_query_duration_seconds_sum") == pytest.approx(1.503)
    assert value("finrag_query_stage_seconds_sum", {"stage": "writing"}) == pytest.approx(1.4)


def test_line_of_the_request_has_figures_and_no_words() -> None:
    async def ask() -> dict[str, object]:
        begin_request("r")
        QueryMeasures(CollectorRegistry()).enter(WRITTEN)
        request = current_request()
        assert request is not None
        return request.noted

    noted = run(ask())
    assert noted["query"] == {
        "status": "answered", "index_version": "v1", "cached": False, "fallback": True, "model": "m",
        "input_tokens": 900, "output_tokens": 50, "cost_usd": 0.25, "total_ms": 1_500.0,
        "stages_ms": {"facts": 20.0, "writing": 1_400.0, "first_token": 400.0},
    }  # fmt: skip
    assert "Orquenna" not in str(noted)


def test_books_tell_of_every_query_that_is_entered(tmp_path: Path) -> None:
    told: list[QueryRecord] = []
    books = Bookkeeping(MLConfig(), LocalFolderStore(tmp_path), told.append)
    with books.entry("request-1", "A question?") as entry:
        entry.answer(response())
    with pytest.raises(ZeroDivisionError), books.entry("request-2", "A question?"):
        raise ZeroDivisionError
    assert [(record.request_id, record.status) for record in told] == [
        ("request-1", "answered"), ("request-2", "failed"),
    ]  # fmt: skip


def test_state_without_an_index_is_not_ready_and_has_no_version(tmp_path: Path) -> None:
    app = create_app(MLConfig(store=str(tmp_path), cache_dir=str(tmp_path), daily_budget_usd=Decimal(5)))
    registry = app.state.metrics_registry
    values = {sample.name: sample.value for family in registry.collect() for sample in family.samples}
    assert "finrag_index_info" not in values
    assert "finrag_index_loaded_timestamp_seconds" not in values
    assert values["finrag_ready"] == values["finrag_degraded"] == values["finrag_index_passages"] == 0
    assert values["finrag_index_refresh_problem"] == values["finrag_store_reachable"] == 1
    assert (values["finrag_budget_limit_usd"], values["finrag_budget_spent_usd"]) == (5, 0)
    assert values["finrag_query_log_rows_waiting"] == values["finrag_query_log_rows_lost_total"] == 0
