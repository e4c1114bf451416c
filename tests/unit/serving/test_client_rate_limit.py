"""The rate limit counts clients, each alone, and does not grow with their number."""

from __future__ import annotations

import pytest
from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from serving.http.api_key import ApiKey
from serving.http.client_address import ClientAddress
from serving.http.rate_limit import BoundedMemory, RateLimit
from tests.event_loops import run

FRONT_END = ("10.0.0.1", 4711)


@pytest.fixture
def visitor() -> TestClient:
    """Speaks for the front end, which says whom it asks for; three requests a minute are allowed."""

    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route(path, answer) for path in ("/catalog", "/livez", "/readyz", "/health", "/metrics")])
    app.add_middleware(RateLimit, per_minute=3)
    app.add_middleware(ClientAddress, trusted_proxies=["10.0.0.0/8"])
    return TestClient(app, client=FRONT_END)


def statuses(visitor: TestClient, count: int, forwarded: str, path: str = "/catalog") -> list[int]:
    return [visitor.get(path, headers={"X-Forwarded-For": forwarded}).status_code for _ in range(count)]


def test_client_over_its_rate_is_told_when_to_come_back(visitor: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    assert statuses(visitor, 1, "198.51.100.1") == [200]
    now += 20
    assert statuses(visitor, 3, "198.51.100.1") == [200, 200, 429]
    now += 15.5
    refused = visitor.get("/catalog", headers={"X-Forwarded-For": "198.51.100.1"})
    assert refused.status_code == 429
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["Retry-After"] == "25"
    assert "25 seconds" in refused.json()["detail"]
    now += 25
    assert statuses(visitor, 2, "198.51.100.1") == [200, 429]


def test_clients_are_counted_each_alone(visitor: TestClient) -> None:
    assert statuses(visitor, 4, "198.51.100.1") == [200, 200, 200, 429]
    assert statuses(visitor, 4, "198.51.100.2") == [200, 200, 200, 429]


def test_a_client_gains_nothing_by_naming_other_addresses(visitor: TestClient) -> None:
    answers = [statuses(visitor, 1, f"203.0.113.{host}, 198.51.100.1")[0] for host in range(5)]
    assert answers == [200, 200, 200, 429, 429]


def test_addresses_of_one_ipv6_network_are_one_client(visitor: TestClient) -> None:
    answers = [statuses(visitor, 1, f"2001:db8:1:1::{host:x}")[0] for host in range(4)]
    assert answers == [200, 200, 200, 429]
    assert statuses(visitor, 1, "2001:db8:1:2::1") == [200]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health"])
def test_probes_are_not_counted(visitor: TestClient, path: str) -> None:
    assert set(statuses(visitor, 10, "198.51.100.1", path)) == {200}
    assert statuses(visitor, 1, "198.51.100.1") == [200]


@pytest.mark.parametrize("path", ["/catalog", "/metrics"])
def test_keys_cannot_be_tried_at_speed_wherever_one_is_asked_for(path: str) -> None:
    app = Starlette()
    app.add_middleware(ApiKey, keys=["the-right-one"])
    app.add_middleware(RateLimit, per_minute=3)
    app.add_middleware(ClientAddress, trusted_proxies=[])
    guesser = TestClient(app, client=FRONT_END)
    tried = [guesser.get(path, headers={"X-API-Key": f"guess-{number}"}).status_code for number in range(5)]
    assert tried == [401, 401, 401, 429, 429]


def test_memory_holds_no_more_clients_than_it_may() -> None:
    memory = BoundedMemory(max_clients=100)
    limiter, limit = MovingWindowRateLimiter(memory), RateLimitItemPerMinute(2)

    async def many_clients() -> list[bool]:
        for number in range(1_000):
            await limiter.hit(limit, f"client-{number}")
        return [await limiter.hit(limit, "client-999") for _ in range(2)]

    assert run(many_clients()) == [True, False]
    assert len(memory.events) == 100


def test_memory_forgets_clients_after_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    memory = BoundedMemory()
    limiter, limit = MovingWindowRateLimiter(memory), RateLimitItemPerMinute(2)

    async def come_and_go() -> None:
        nonlocal now
        for number in range(50):
            await limiter.hit(limit, f"client-{number}")
        now += 61
        await limiter.hit(limit, "late")

    run(come_and_go())
    assert len(memory.events) == 1
