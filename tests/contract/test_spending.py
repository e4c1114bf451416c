"""What a language model costs is the same in answer, usage, budget and log, also where calls overlap or break off."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from finrag_ml_tg1.answering.models.language_model import TokenUsage
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from serving.backend.engine import MAX_WAITING, WORKERS
from tests.contract.conftest import EMPLOYEES
from tests.contract.event_streams import read_events, streaming
from tests.local_processes import serve_backend, wait_until
from tests.logged_queries import logged_rows
from tests.model_servers import Reply, ScriptedModelServer
from tests.sample_index import linked_store

Json = dict[str, Any]

QUESTIONS = [f"How many employees does Orquenna have in fiscal {year}?" for year in (2022, 2023, 2024)]
# At 0.10 USD for a million tokens in, 0.50 USD for a million out; the cached ones cost a tenth.
WROTE = Reply(pieces=("Orquenna has employees [1].",), usage=TokenUsage(10_000, 2_000, 4_000))
PRICE = Decimal("0.00164")
_PLACES = WORKERS + MAX_WAITING


@dataclass(frozen=True, slots=True)
class Spender:
    """A back end whose answers a scripted model writes."""

    client: httpx.Client
    model: ScriptedModelServer

    def ask(self, question: str = EMPLOYEES) -> Json:
        body: Json = self.client.post("/query", json={"question": question}).raise_for_status().json()
        return body

    def usage(self) -> Json:
        body: Json = self.client.get("/usage").raise_for_status().json()
        return body


@pytest.fixture
def model() -> Iterator[ScriptedModelServer]:
    with ScriptedModelServer() as started:
        started.script(WROTE)
        yield started


@pytest.fixture
def folder(sample_store: Path, tmp_path: Path) -> Path:
    return linked_store(sample_store, tmp_path / "store")


@contextmanager
def serving(folder: Path, model: ScriptedModelServer, **settings: str) -> Iterator[Spender]:
    access = {"FINRAG_MODEL": "openai", "OPENAI_BASE_URL": model.openai_url, "FINRAG_MODEL_TIMEOUT_S": "5"}
    with (
        serve_backend(str(folder), folder.parent / "backend", access=access | settings) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client,
    ):
        yield Spender(client, model)


def rows(folder: Path) -> list[Json]:
    return logged_rows(LocalFolderStore(folder))


def test_cost_is_the_same_in_answer_usage_budget_and_log(folder: Path, model: ScriptedModelServer) -> None:
    with serving(folder, model, FINRAG_DAILY_BUDGET_USD="5") as spender:
        llm = spender.ask()["metadata"]["llm"]
        usage = spender.usage()
    assert llm["cost"] == float(PRICE)
    assert (usage["today"]["cost_usd"], usage["total"]["cost_usd"]) == (float(PRICE), float(PRICE))
    assert usage["today"]["cached_tokens"] == 4_000
    assert (usage["budget"]["spent_today_usd"], usage["budget"]["left_usd"]) == (float(PRICE), float(5 - PRICE))
    [row] = rows(folder)
    assert (row["cost_usd"], row["model_id"]) == (PRICE, llm["model_id"])
    assert (row["input_tokens"], row["output_tokens"], row["cached_tokens"]) == (10_000, 2_000, 4_000)
    assert row["prompt_version"] == llm["prompt_version"]


def test_answer_given_again_is_logged_as_kept_and_free(folder: Path, model: ScriptedModelServer) -> None:
    with serving(folder, model) as spender:
        given = [spender.ask(question) for question in (EMPLOYEES, EMPLOYEES, QUESTIONS[0])]
        usage = spender.usage()
    assert [answer["metadata"]["cached"] for answer in given] == [False, True, False]
    assert usage["today"]["cost_usd"] == float(2 * PRICE)
    assert [(row["is_cached"], row["cost_usd"]) for row in rows(folder)] == [(False, PRICE), (True, 0), (False, PRICE)]


def test_answers_are_not_kept_when_no_room_is_given(folder: Path, model: ScriptedModelServer) -> None:
    with serving(folder, model, FINRAG_ANSWER_CACHE_MB="0") as spender:
        assert [spender.ask()["metadata"]["cached"] for _ in range(2)] == [False, False]
    assert len(model.requests) == 2


def test_quotations_that_stand_in_for_a_model_are_logged_as_such(folder: Path, model: ScriptedModelServer) -> None:
    """The first fails, two answers reach 0.003 USD, and after them none is asked; what it could not pay is not kept."""
    model.script(Reply(status=403, error="AccessDeniedException", message="no"), WROTE)
    with serving(folder, model, FINRAG_DAILY_BUDGET_USD="0.003") as spender:
        given = [spender.ask(question) for question in (*QUESTIONS, QUESTIONS[0], QUESTIONS[0])]
        usage = spender.usage()
    assert len(model.requests) == 3
    assert ["0.003 USD" in response["answer"] for response in given] == [False, False, False, True, True]
    assert not any(response["metadata"]["cached"] for response in given)
    assert (usage["budget"]["is_spent"], usage["budget"]["left_usd"]) == (True, 0)
    assert [row["is_fallback"] for row in rows(folder)] == [True, False, False, True, True]
    assert [row["cost_usd"] for row in rows(folder)] == [0, PRICE, PRICE, 0, 0]


def test_budget_of_nothing_asks_no_model(folder: Path, model: ScriptedModelServer) -> None:
    with serving(folder, model, FINRAG_DAILY_BUDGET_USD="0") as spender:
        assert "FINRAG_DAILY_BUDGET_USD is 0" in spender.ask()["answer"]
    assert model.requests == []


def test_questions_at_the_same_time_do_not_each_spend_what_is_left(folder: Path, model: ScriptedModelServer) -> None:
    """What is left is less than one call is thought to cost: of several calls one is made."""
    model.script(Reply(pieces=("Orquenna has employees [1].",), first_after_s=1.0))
    with serving(folder, model, FINRAG_DAILY_BUDGET_USD="0.0001", FINRAG_ANSWER_CACHE_MB="0") as spender:
        with ThreadPoolExecutor(_PLACES) as pool:
            answers = list(pool.map(lambda _: spender.ask(), range(_PLACES)))
        assert [answer["status"] for answer in answers] == ["answered"] * _PLACES
    assert len(model.requests) == 1


def test_answer_whose_reader_has_gone_is_logged_with_what_it_may_have_cost(
    folder: Path, model: ScriptedModelServer
) -> None:
    model.script(Reply(pieces=("Orquenna ", "had ") * 100, next_after_s=0.05))
    with serving(folder, model, FINRAG_DAILY_BUDGET_USD="1") as spender:
        with streaming(spender.client, EMPLOYEES) as response:
            for event in read_events(response):
                if event.name == "token":
                    break
        wait_until(lambda: spender.usage()["today"]["queries"] == 1, "the query is entered", 10)
        usage = spender.usage()
    [row] = rows(folder)
    assert row["status"] == "cancelled"
    assert 0 < row["cost_usd"] < Decimal("0.01")
    assert usage["budget"]["spent_today_usd"] == usage["today"]["cost_usd"] == float(row["cost_usd"])
