"""A request is counted and told once, however it ends, and never by what its client wrote."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from pydantic import SecretStr

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.http.errors import add_error_handlers
from serving.http.logs import REQUESTS
from serving.http.middleware import add_middleware
from serving.http.observability import Observability
from serving.http.observed_requests import CLIENT_GONE
from tests.event_loops import run
from tests.local_processes import free_port
from tests.unit.serving.asgi_calls import call

SECRET = "sk-zanzibarquux0123456789"  # pragma: allowlist secret
KEY = "key-of-this-test"


class Observed:
    """An application with routes that end in different ways."""

    def __init__(self, config: MLConfig) -> None:
        self.observability = Observability(config, "test")
        self.app = FastAPI()
        router = APIRouter()

        @router.get("/things/{thing_id}")
        async def thing(thing_id: str) -> str:
            if thing_id == "missing":
                raise HTTPException(404)
            return "thing"

        @router.get("/broken")
        @router.get("/broken/{part}")
        async def broken() -> None:
            raise ZeroDivisionError

        @router.get("/breaks")
        async def breaks() -> StreamingResponse:
            async def parts() -> AsyncIterator[bytes]:
                yield b"begun"
                raise ZeroDivisionError

            return StreamingResponse(parts())

        @router.get("/waits")
        async def waits() -> str:
            return "waited"

        self.app.include_router(router)
        self.observability.add_routes(self.app)
        add_error_handlers(self.app)
        add_middleware(self.app, config, self.observability, too_large_advice="less")

    def count(self, route: str, status: int, method: str = "GET") -> float:
        labels = {"route": route, "method": method, "status": str(status)}
        return self.observability.registry.get_sample_value("finrag_http_requests_total", labels) or 0

    def requests(self) -> float:
        (family,) = (found for found in self.observability.registry.collect() if found.name == "finrag_http_requests")
        return sum(sample.value for sample in family.samples)


@pytest.fixture
def observed() -> Observed:
    return Observed(MLConfig())


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        (f"/things/{SECRET}", "/things/{thing_id}", 200),
        (f"/things/missing?token={SECRET}", "/things/{thing_id}", 404),
        (f"/{SECRET}", "unmatched", 404),
        (f"/broken/{SECRET}", "/broken/{part}", 500),
    ],
)
def test_request_is_counted_and_told_by_its_routes_template(
    observed: Observed, caplog: pytest.LogCaptureFixture, path: str, route: str, status: int
) -> None:
    with caplog.at_level(logging.INFO):
        assert run(call(observed.app, path)) == status
    assert observed.count(route, status) == observed.requests() == 1
    (told,) = (record for record in caplog.records if record.name == REQUESTS)
    assert (told.__dict__["route"], told.__dict__["status"], told.__dict__["method"]) == (route, status, "GET")
    assert told.__dict__["duration_ms"] > 0
    assert SECRET not in str([record.__dict__ for record in caplog.records])


def test_response_that_breaks_off_is_an_error(observed: Observed) -> None:
    with pytest.raises(ZeroDivisionError):
        run(call(observed.app, "/breaks"))
    assert observed.count("/breaks", 500) == observed.requests() == 1


def test_methods_nobody_knows_are_one(observed: Observed) -> None:
    run(call(observed.app, "/broken", SECRET))
    assert observed.count("/broken", 405, "other") == observed.requests() == 1


def test_request_refused_for_its_key_is_counted_at_the_route_it_asked_for() -> None:
    observed = Observed(MLConfig(api_key=SecretStr(KEY)))
    assert run(call(observed.app, "/broken")) == 401
    assert run(call(observed.app, "/metrics")) == 401
    assert run(call(observed.app, "/metrics", headers={"X-API-Key": KEY})) == 200
    assert observed.count("/broken", 401) == observed.count("/metrics", 401) == observed.count("/metrics", 200) == 1


def test_client_that_went_is_no_error_of_the_server(observed: Observed) -> None:
    run(call(observed.app, "/waits", is_gone=True))
    assert observed.count("/waits", CLIENT_GONE) == observed.requests() == 1


def test_requests_go_on_and_the_end_comes_in_time_while_the_collector_is_away(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "40")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10")
    observed = Observed(MLConfig(otlp_endpoint=f"http://127.0.0.1:{free_port()}"))
    tracing = observed.observability.tracing
    assert tracing is not None

    async def ask() -> None:
        for _ in range(200):  # more than wait to be sent at most
            assert await call(observed.app, "/things/x") == 200

    run(ask())
    began = time.monotonic()
    tracing.close()
    assert time.monotonic() - began < 3
    assert len([record for record in caplog.records if "/v1/traces" in record.getMessage()]) <= 1
