"""What a model's answers cost is counted, kept within the budget, and not paid twice for the same question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.event_streams import ask_streaming
from tests.local_processes import serve_backend, wait_until
from tests.model_servers import Reply, ScriptedModelServer
from tests.sample_index import linked_store

Json = dict[str, Any]

EMPLOYEES = "How many employees does Orquenna have in fiscal 2024?"
OTHER = "How does Orquenna govern cybersecurity risk in fiscal 2024?"
WROTE = Reply(pieces=("Orquenna had 2,475 employees at December 31, 2024 [1].",))


@contextmanager
def served(store: Path, folder: Path, model: ScriptedModelServer, **settings: str) -> Iterator[httpx.Client]:
    """A back end with a model, on a store whose log holds its own queries alone."""
    model.script(WROTE)
    chosen = {"FINRAG_MODEL": "openai", "OPENAI_BASE_URL": model.openai_url} | settings
    with (
        serve_backend(str(store), folder, access=chosen) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client,
    ):
        yield client


@pytest.fixture
def store(sample_store: Path, tmp_path: Path) -> Path:
    """The sample index with no query in its log: what was spent before counts."""
    return linked_store(sample_store, tmp_path / "store")


def ask(client: httpx.Client, question: str, **fields: object) -> Json:
    body: Json = client.post("/query", json={"question": question, **fields}).raise_for_status().json()
    return body


def test_same_question_is_answered_from_what_was_kept(store: Path, tmp_path: Path) -> None:
    with (
        ScriptedModelServer() as model,
        served(store, tmp_path, model) as client,
    ):
        first, again = ask(client, EMPLOYEES), ask(client, f"  {EMPLOYEES.replace(' ', '  ')} ")
        assert len(model.requests) == 1
        assert (first["metadata"]["cached"], again["metadata"]["cached"]) == (False, True)
        assert first["metadata"]["llm"]["cost"] > 0
        assert (again["metadata"]["llm"]["cost"], again["metadata"]["llm"]["total_tokens"]) == (0, 0)
        assert again["answer"] == first["answer"]
        assert again["request_id"] != first["request_id"]
        events = ask_streaming(client, EMPLOYEES)
        assert "".join(event.data["text"] for event in events if event.name == "token") == first["answer"]
        assert client.get("/usage").json()["today"]["queries"] == 3


def test_other_scope_model_or_switch_is_another_question(store: Path, tmp_path: Path) -> None:
    with (
        ScriptedModelServer() as model,
        served(store, tmp_path, model) as client,
    ):
        ask(client, EMPLOYEES)
        for fields in (
            {"model_key": "extractive"},
            {"filters": {"fiscal_years": [2023]}},
            {"top_k": 3},
            {"include_kpi": False},
        ):
            assert ask(client, EMPLOYEES, **fields)["metadata"]["cached"] is False


def test_quotation_in_place_of_a_failed_model_is_not_kept(store: Path, tmp_path: Path) -> None:
    with (
        ScriptedModelServer() as model,
        served(store, tmp_path, model) as client,
    ):
        model.script(Reply(status=403, error="AccessDenied"), WROTE)
        assert ask(client, EMPLOYEES)["metadata"]["llm"]["fallback"]
        again = ask(client, EMPLOYEES)
        assert (again["metadata"]["cached"], again["metadata"]["llm"]["fallback"]) == (False, None)


def test_model_is_not_asked_once_the_day_is_paid_for(store: Path, tmp_path: Path) -> None:
    with (
        ScriptedModelServer() as model,
        served(store, tmp_path, model, FINRAG_DAILY_BUDGET_USD="0.000001") as client,
    ):
        assert ask(client, EMPLOYEES)["metadata"]["llm"]["cost"] > 0.000001
        response = ask(client, OTHER)
        assert len(model.requests) == 1
        assert response["status"] == "answered"
        assert "budget" in response["metadata"]["llm"]["fallback"]
        assert response["metadata"]["llm"]["cost"] == 0
        assert "budget" in response["answer"]
        assert any("budget" in note for note in response["resolved"]["notes"])
        budget = client.get("/usage").json()["budget"]
        assert budget["is_spent"]
        assert budget["spent_today_usd"] > 0.000001


def test_spending_is_remembered_by_the_next_process(store: Path, tmp_path: Path) -> None:
    """The log of the store tells it: the pod's own disk is gone when it is suspended."""
    budget = {"FINRAG_DAILY_BUDGET_USD": "0.000001"}
    with ScriptedModelServer() as model:
        with served(store, tmp_path / "first", model, **budget) as client:
            ask(client, EMPLOYEES)
        with served(store, tmp_path / "second", model, **budget) as client:
            wait_until(lambda: client.get("/usage").json()["budget"]["is_complete"], "the log of today is counted")
            assert "budget" in ask(client, OTHER)["answer"]
        assert len(model.requests) == 1
