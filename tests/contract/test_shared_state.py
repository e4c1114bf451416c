"""Two back ends behind nginx with one Redis: what one knows the other goes by, and none of the parts is missed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from finrag_ml_tg1.answering.models.language_model import TokenUsage
from finrag_ml_tg1.loaders.ml_config import MLConfig
from tests.contract.conftest import EMPLOYEES
from tests.local_processes import wait_until
from tests.model_servers import Reply, ScriptedModelServer
from tests.redis_server import RedisServer
from tests.replicas import Nginx
from tests.sample_index import ROOT, linked_store
from tests.served_here import ServedHere

Json = dict[str, Any]

YEARS = (2022, 2023, 2024)
# 0.0022 USD at the development profile's prices.
WROTE = Reply(pieces=("Orquenna has employees [1].",), usage=TokenUsage(12_000, 2_000))
REFUSED = Reply(status=401, error="invalid_api_key", message="no such key")
PER_MINUTE = 40
# Who waits for something may ask more often than one client may.
_ASKED = count()
_CIRCUIT = 'finrag_model_circuit_open{model="development"}'


@dataclass(frozen=True, slots=True)
class Pair:
    """The two, asked one by one or through nginx, and what they ask."""

    servers: list[ServedHere]
    redis: RedisServer
    nginx: Nginx
    model: ScriptedModelServer
    each: list[httpx.Client]
    api: httpx.Client


@pytest.fixture(scope="module")
def pair(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Started once: the tests are in the order of what they use up."""
    folder = tmp_path_factory.mktemp("pair")
    with ExitStack() as opened:
        model = opened.enter_context(ScriptedModelServer())
        redis = RedisServer(folder)
        opened.callback(redis.stop)
        redis.start()
        store = linked_store(sample_store, folder / "store")
        servers = [ServedHere(settings(store, folder / name, model, redis)) for name in ("first", "second")]
        nginx = Nginx(folder / "nginx", [server.address for server in servers], ["127.0.0.1:9"])
        parts: tuple[ServedHere | Nginx, ...] = (*servers, nginx)
        for part in parts:
            opened.callback(part.stop)
            part.start()
        for server in servers:
            server.wait_until_ready()
        first, second, api = (
            opened.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=60))
            for url in (*(server.url for server in servers), nginx.api_url)
        )
        yield Pair(servers, redis, nginx, model, [first, second], api)


def settings(store: Path, cache: Path, model: ScriptedModelServer, redis: RedisServer) -> MLConfig:
    return MLConfig(
        store=str(store),
        cache_dir=str(cache),
        model="openai",
        openai_base_url=model.openai_url,
        daily_budget_usd=Decimal("0.004"),
        rate_per_minute=PER_MINUTE,
        shared_redis=SecretStr(redis.url),
        trusted_proxies=("127.0.0.1",),
    )


def ask(client: httpx.Client, question: str, reader: str) -> Json:
    answered = client.post("/query", json={"question": question}, headers={"X-Forwarded-For": reader})
    body: Json = answered.raise_for_status().json()
    return body


def measure(client: httpx.Client, name: str) -> float:
    headers = {"X-Forwarded-For": f"2001:db8:{next(_ASKED):x}::1"}
    lines = client.get("/metrics", headers=headers).raise_for_status().text.splitlines()
    return float(next(line for line in lines if line.startswith(name)).rpartition(" ")[2])


def question(year: int) -> str:
    return f"How many employees does Orquenna have in fiscal {year}?"


def test_model_that_fails_one_is_left_alone_by_both(pair: Pair) -> None:
    """SU-06: the circuit of the language model is one over all replicas."""
    failing, other = pair.each
    pair.model.script(REFUSED)
    for number in range(5):
        ask(failing, f"Which risks does Orquenna name, in {number + 2} words?", "10.0.0.5")
    wait_until(lambda: measure(other, _CIRCUIT) == 1, "the other has heard of it")
    asked = len(pair.model.requests)

    answer = ask(other, "Which risks does Tarrendray name?", "10.0.0.5")

    assert answer["status"] == "answered"
    assert answer["metadata"]["llm"]["fallback"]
    assert len(pair.model.requests) == asked
    pair.redis.empty()
    wait_until(lambda: [measure(client, _CIRCUIT) for client in pair.each] == [0, 0], "the circuit is forgotten")


def test_answer_that_one_has_paid_for_is_given_by_the_other(pair: Pair) -> None:
    """SU-06: response cache and budget are one over all replicas."""
    first, second = pair.each
    pair.model.script(WROTE)
    paid = ask(first, EMPLOYEES, "10.0.0.1")
    assert paid["metadata"]["llm"]["cost"] > 0

    def is_given() -> bool:
        again = ask(second, EMPLOYEES, f"2001:db8:{next(_ASKED):x}::1")
        return bool(again["metadata"]["cached"]) and again["answer"] == paid["answer"]

    wait_until(is_given, "the other gives it too")
    spent = Decimal(str(paid["metadata"]["llm"]["cost"]))
    wait_until(lambda: Decimal(str(measure(second, "finrag_budget_spent_usd"))) >= spent, "the other knows the cost")


def test_budget_that_both_spend_is_spent_for_both(pair: Pair) -> None:
    """SU-06: the daily budget is exact over all replicas."""
    pair.model.script(WROTE)
    called = len(pair.model.requests)
    answers = [ask(pair.each[number % 2], question(year), "10.0.0.2") for number, year in enumerate(YEARS)]
    late = [
        ask(client, f"What was Tarrendray's revenue in {year}?", "10.0.0.2") for client in pair.each for year in YEARS
    ]

    written = [answer for answer in answers if answer["metadata"]["llm"]["cost"] > 0]
    assert len(pair.model.requests) - called == len(written) < len(YEARS)
    assert all("budget" in answer["metadata"]["llm"]["fallback"] for answer in late)


def test_requests_are_counted_together(pair: Pair) -> None:
    """SU-06: the rate limit is one over all replicas."""
    statuses = [
        pair.each[number % 2].get("/catalog", headers={"X-Forwarded-For": "10.0.0.3"}).status_code
        for number in range(PER_MINUTE + 6)
    ]

    assert statuses == [200] * PER_MINUTE + [429] * 6


def test_killed_redis_fails_no_request_and_is_said_and_used_again(pair: Pair) -> None:
    """SU-06: the shared Redis is never needed to answer."""
    assert [client.get("/health").json()["shared_redis"] for client in pair.each] == ["ok", "ok"]
    pair.redis.kill()

    for number in range(12):
        ask(pair.each[number % 2], question(YEARS[number % 3]), "10.0.0.4")
    for client in pair.each:
        wait_until(lambda client=client: client.get("/health").json()["shared_redis"] == "unreachable", "it is said")  # type: ignore[misc]
        health = client.get("/health").json()
        assert health["status"] == "ok"
        assert any("process's own" in warning for warning in health["warnings"])
        assert measure(client, "finrag_shared_redis_reachable") == 0

    pair.redis.start()
    for client in pair.each:
        wait_until(lambda client=client: client.get("/health").json()["shared_redis"] == "ok", "it is used again")  # type: ignore[misc]
        assert measure(client, "finrag_shared_redis_failures_total") >= 1


def test_nginx_takes_its_settings_without_a_warning(pair: Pair) -> None:
    assert "warn" not in pair.nginx.check()


def test_both_answer_and_their_metrics_are_not_mixed(pair: Pair) -> None:
    for _ in range(4):
        ask(pair.api, EMPLOYEES, "10.0.0.6")

    asked = {entry["upstreams"] for entry in pair.nginx.requests() if entry["path"] == "/query"}
    assert asked == {replica.address for replica in pair.servers}
    assert pair.api.get("/metrics").status_code == httpx.codes.NOT_FOUND


def test_client_before_nginx_cannot_choose_who_it_is_counted_as(pair: Pair) -> None:
    """SU-06: what a client writes into X-Forwarded-For stands left of what nginx adds."""
    # An address that is no trusted proxy's.
    stranger = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=pair.api.base_url, transport=stranger, trust_env=False, timeout=60) as client:
        statuses = [
            client.get("/catalog", headers={"X-Forwarded-For": f"10.1.0.{number}, 127.0.0.1"}).status_code
            for number in range(PER_MINUTE + 4)
        ]

    assert statuses == [200] * PER_MINUTE + [429] * 4


def test_reload_takes_over_other_back_ends(pair: Pair) -> None:
    nginx = pair.nginx
    first, second = (replica.address for replica in pair.servers)
    nginx.render([second], ["127.0.0.1:9"])
    nginx.reload()

    def are_asked(*addresses: str) -> bool:
        assert pair.api.get("/livez").status_code == httpx.codes.OK
        return {entry["upstreams"] for entry in nginx.requests()[-3:]} == set(addresses)

    wait_until(lambda: are_asked(second), "the second is asked alone")
    nginx.render([first, second], ["127.0.0.1:9"])
    nginx.reload()
    wait_until(lambda: are_asked(first, second), "both are asked again")


def test_back_end_that_is_gone_fails_no_request(pair: Pair) -> None:
    """SU-05: what stops is not asked, and what is gone is noticed by nginx, not by a reader."""
    pair.servers[0].stop()

    for _ in range(4):
        ask(pair.api, EMPLOYEES, "10.0.0.7")
        assert pair.api.get("/livez").status_code == httpx.codes.OK
        assert "event: done" in pair.api.post("/query/stream", json={"question": EMPLOYEES}).text

    assert any("," in str(entry["upstreams"]) for entry in pair.nginx.requests())


def test_words_of_an_address_are_in_no_log_of_nginx(pair: Pair) -> None:
    """Also not of a request whose back end was gone: what is searched for is a reader's question."""
    for _ in range(4):
        assert pair.api.get("/catalog", params={"words": "my-secret-plan"}).status_code == httpx.codes.OK

    assert "my-secret-plan" not in pair.nginx.logs


@pytest.mark.parametrize("address", ["host", "host:80; return 200", "host:80\n", "http://host:80"])
def test_what_is_no_address_gets_into_no_settings(tmp_path: Path, address: str) -> None:
    command = [sys.executable, str(ROOT / "deploy/nginx/render.py"), "--folder", str(tmp_path), "--backend", address]
    refused = subprocess.run([*command, "--frontend", "host:81"], capture_output=True, text=True, check=False)

    assert refused.returncode == 2
    assert "is not host:port" in refused.stderr
