"""Two back ends as processes and one Redis: what one knows the other goes by, and neither needs the Redis to answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from finrag_ml_tg1.answering.models.language_model import TokenUsage
from tests.contract.conftest import EMPLOYEES
from tests.local_processes import serve_backend, wait_until
from tests.model_servers import Reply, ScriptedModelServer
from tests.redis_server import RedisServer
from tests.sample_index import linked_store

Json = dict[str, Any]

YEARS = (2022, 2023, 2024)
# 0.0022 USD at the development profile's prices.
WROTE = Reply(pieces=("Orquenna has employees [1].",), usage=TokenUsage(12_000, 2_000))
REFUSED = Reply(status=401, error="invalid_api_key", message="no such key")
PER_MINUTE = 40


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModelServer]:
    with ScriptedModelServer() as started:
        yield started


@pytest.fixture(scope="module")
def pair(
    redis: RedisServer, model: ScriptedModelServer, sample_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[httpx.Client]]:
    """Clients of the two; tests are in the order of what they use up."""
    folder = tmp_path_factory.mktemp("pair")
    store = linked_store(sample_store, folder / "store")
    settings = {
        "FINRAG_SHARED_REDIS": redis.url,
        "FINRAG_MODEL": "openai",
        "OPENAI_BASE_URL": model.openai_url,
        "FINRAG_DAILY_BUDGET_USD": "0.004",
        "FINRAG_RATE_PER_MINUTE": str(PER_MINUTE),
        # Two names of one machine, so that one test's requests are not counted among another's.
        "FINRAG_TRUSTED_PROXIES": "127.0.0.1",
    }
    with ExitStack() as opened:
        yield [
            opened.enter_context(
                httpx.Client(
                    base_url=opened.enter_context(serve_backend(str(store), folder / name, access=settings)).url,
                    trust_env=False,
                    timeout=30,
                )
            )
            for name in ("first", "second")
        ]


def ask(client: httpx.Client, question: str, reader: str) -> Json:
    answered = client.post("/query", json={"question": question}, headers={"X-Forwarded-For": reader})
    body: Json = answered.raise_for_status().json()
    return body


def measure(client: httpx.Client, name: str) -> float:
    lines = client.get("/metrics", headers={"X-Forwarded-For": "10.9.9.9"}).raise_for_status().text.splitlines()
    return float(next(line for line in lines if line.startswith(name)).rpartition(" ")[2])


def question(year: int) -> str:
    return f"How many employees does Orquenna have in fiscal {year}?"


def test_answer_that_one_has_paid_for_is_given_by_the_other(
    pair: list[httpx.Client], model: ScriptedModelServer
) -> None:
    """SU-06: response cache and budget are one over all replicas."""
    first, second = pair
    model.script(WROTE)
    paid = ask(first, EMPLOYEES, "10.0.0.1")
    assert paid["metadata"]["llm"]["cost"] > 0

    def is_given() -> bool:
        again = ask(second, EMPLOYEES, "10.0.0.1")
        return bool(again["metadata"]["cached"]) and again["answer"] == paid["answer"]

    wait_until(is_given, "the other gives it too")
    spent = Decimal(str(paid["metadata"]["llm"]["cost"]))
    wait_until(lambda: Decimal(str(measure(second, "finrag_budget_spent_usd"))) >= spent, "the other knows the cost")


def test_budget_that_both_spend_is_spent_for_both(pair: list[httpx.Client], model: ScriptedModelServer) -> None:
    """SU-06: the daily budget is exact over all replicas."""
    model.script(WROTE)
    called = len(model.requests)
    answers = [ask(pair[number % 2], question(year), "10.0.0.2") for number, year in enumerate(YEARS)]
    late = [ask(client, f"What was Tarrendray's revenue in {year}?", "10.0.0.2") for client in pair for year in YEARS]

    written = [answer for answer in answers if answer["metadata"]["llm"]["cost"] > 0]
    assert len(model.requests) - called == len(written) < len(YEARS)
    assert all("budget" in answer["metadata"]["llm"]["fallback"] for answer in late)


def test_requests_are_counted_together(pair: list[httpx.Client]) -> None:
    """SU-06: the rate limit is one over all replicas."""
    statuses = [
        pair[number % 2].get("/catalog", headers={"X-Forwarded-For": "10.0.0.3"}).status_code
        for number in range(PER_MINUTE + 6)
    ]

    assert statuses == [200] * PER_MINUTE + [429] * 6


def test_killed_redis_fails_no_request_and_is_said_and_used_again(pair: list[httpx.Client], redis: RedisServer) -> None:
    """SU-06: the shared Redis is never needed to answer."""
    assert [client.get("/health").json()["shared_redis"] for client in pair] == ["ok", "ok"]
    redis.kill()

    for number in range(12):
        ask(pair[number % 2], question(YEARS[number % 3]), "10.0.0.4")
    for client in pair:
        wait_until(lambda client=client: client.get("/health").json()["shared_redis"] == "unreachable", "it is said")  # type: ignore[misc]
        health = client.get("/health").json()
        assert health["status"] == "ok"
        assert any("process's own" in warning for warning in health["warnings"])
        assert measure(client, "finrag_shared_redis_reachable") == 0

    redis.start()
    for client in pair:
        wait_until(lambda client=client: client.get("/health").json()["shared_redis"] == "ok", "it is used again")  # type: ignore[misc]
        assert measure(client, "finrag_shared_redis_failures_total") >= 1


def test_model_that_fails_one_is_left_alone_by_both(
    redis: RedisServer, model: ScriptedModelServer, sample_store: Path, tmp_path: Path
) -> None:
    """SU-06: the circuit of the language model is one over all replicas."""
    model.script(REFUSED)
    settings = {"FINRAG_SHARED_REDIS": redis.url, "FINRAG_MODEL": "openai", "OPENAI_BASE_URL": model.openai_url}
    store = linked_store(sample_store, tmp_path / "store")
    with (
        serve_backend(str(store), tmp_path / "first", access=settings) as first,
        serve_backend(str(store), tmp_path / "second", access=settings) as second,
        httpx.Client(base_url=first.url, trust_env=False, timeout=60) as failing,
        httpx.Client(base_url=second.url, trust_env=False, timeout=60) as other,
    ):
        name = 'finrag_model_circuit_open{model="development"}'
        for number in range(5):
            ask(failing, f"Which risks does Orquenna name, in {number + 2} words?", "10.0.0.5")
        wait_until(lambda: measure(other, name) == 1, "the other has heard of it")
        asked = len(model.requests)

        answer = ask(other, EMPLOYEES, "10.0.0.5")

        assert answer["status"] == "answered"
        assert answer["metadata"]["llm"]["fallback"]
        assert len(model.requests) == asked
