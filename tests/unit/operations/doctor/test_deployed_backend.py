"""A deployed back end that is asked directly, a real one: its key, its headers, and that its answers really stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.doctor.checks import run_checks
from finrag_ml_tg1.operations.doctor.deployed.after_deploy import deployed_checks
from finrag_ml_tg1.operations.doctor.deployed.backend import (
    EXPECTED_HEADERS,
    check_guard,
    check_headers,
    check_readiness,
    check_state,
    key_header,
)
from finrag_ml_tg1.operations.doctor.deployed.event_stream import StreamError
from finrag_ml_tg1.operations.doctor.deployed.streaming import check_streaming
from serving.http.security_headers import SECURITY_HEADERS
from tests.faults.proxy import FaultProxy
from tests.local_processes import serve_backend
from tests.sample_index import linked_store, sample_store
from tests.unit.operations.doctor.answering_server import Reply, Request, serve
from tests.unit.operations.doctor.event_server import serve_events

__all__ = ["sample_store"]

KEY = SecretStr("wq9XhT2mVb7LrKzP4nYc8sDf")
CONFIG = MLConfig(api_key=KEY)
EVENTS = ("status", "resolved", "sources", "token", "done")
HEALTH = {"status": "ok", "store": "ok", "index_version": "1", "filings": 9, "rss_mb": 100.0, "uptime_s": 5.0}


@pytest.fixture(scope="module")
def backend(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("backend")
    store = linked_store(sample_store, folder / "store")
    with serve_backend(str(store), folder, FINRAG_API_KEY=KEY.get_secret_value()) as server:
        yield server.url


def test_back_end_passes_all_checks(backend: str) -> None:
    results = {result.name: result.finding for result in run_checks(deployed_checks(backend, None, CONFIG), total_s=25)}
    assert not {name: finding for name, finding in results.items() if finding.state in {"warning", "failed"}}
    assert {"what answers", "ready", "state", "key", "streaming", "headers"} < results.keys()
    assert "9 filings" in results["state"].found


def test_key_that_is_not_taken_fails_and_is_not_shown(backend: str) -> None:
    finding = check_guard(backend, MLConfig(api_key=SecretStr("another-key-than-the-one")))
    assert finding.state == "failed"
    assert "another-key" not in str(finding)
    assert check_guard(backend, MLConfig()).state == "skipped"


def test_back_end_without_a_key_fails_where_others_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda request: Reply(200, b"{}")) as url:
        assert check_guard(url, CONFIG).state == "warning"
        monkeypatch.setattr("finrag_ml_tg1.operations.doctor.deployed.backend.listens_here", lambda url: False)
        assert check_guard(url, CONFIG).state == "failed"


def test_key_is_sent_only_where_nobody_reads_it_on_the_way() -> None:
    assert key_header("http://finrag.example", CONFIG) == {}
    assert key_header("https://finrag.example", CONFIG) == {"X-API-Key": KEY.get_secret_value()}
    assert key_header("https://finrag.example", MLConfig()) == {}


def test_proxy_that_collects_the_answer_is_caught(backend: str) -> None:
    proxy = FaultProxy(backend)
    try:
        finding = check_streaming(proxy.endpoint, CONFIG)
    finally:
        proxy.close()
    assert finding.state == "failed"
    assert "Content-Length" in finding.found
    assert "buffering" in finding.advice[0]


def test_events_that_come_while_it_works_stream_and_held_back_ones_do_not() -> None:
    with serve_events(EVENTS, works_s=0.15, is_held_back=False) as url:
        finding = check_streaming(url, CONFIG)
        assert finding.state == "ok"
        assert "it streams" in finding.found
    with serve_events(EVENTS, works_s=0.15, is_held_back=True) as url:
        finding = check_streaming(url, CONFIG)
        assert finding.state == "failed"
        assert "held back" in finding.found
    with serve_events(EVENTS, works_s=0.005, is_held_back=True) as url:
        assert "too fast to tell" in check_streaming(url, CONFIG).found


def test_stream_that_ends_early_or_with_an_error_is_told() -> None:
    with serve_events(EVENTS[:-1], works_s=0, is_held_back=True) as url:
        assert check_streaming(url, CONFIG).state == "failed"
    failing = serve_events(("status", "error"), works_s=0, is_held_back=True)
    with failing as url, pytest.raises(StreamError, match="no index"):
        check_streaming(url, CONFIG)


@pytest.mark.parametrize(("status", "state"), [(429, "warning"), (401, "failed"), (503, "failed")])
def test_refused_question(status: int, state: str) -> None:
    def answer(request: Request) -> Reply:
        return Reply(200, b'{"companies": [{"name": "A"}]}') if request.method == "GET" else Reply(status)

    with serve(answer) as url:
        assert check_streaming(url, CONFIG).state == state


def test_back_end_without_an_index_is_not_ready_for_its_reason() -> None:
    with serve(lambda request: Reply(503, b'{"detail": "no index yet"}')) as url:
        finding = check_readiness(url)
    assert finding.state == "failed"
    assert "no index yet" in finding.found


@pytest.mark.parametrize(
    ("status", "change", "state"),
    [
        (200, {}, "ok"),
        (200, {"status": "degraded", "store": "unreachable"}, "warning"),
        (200, {"refresh_error": "the new version is damaged"}, "warning"),
        (200, {"warnings": ["the query log is off"]}, "warning"),
        (503, {"status": "unavailable"}, "failed"),
    ],
)
def test_what_it_says_of_itself(status: int, change: dict[str, object], state: str) -> None:
    with serve(lambda request: Reply(status, json.dumps(HEALTH | change).encode())) as url:
        finding = check_state(url)
    assert finding.state == state
    if "warnings" in change:
        assert finding.advice == ("the query log is off",)


def test_headers_that_a_proxy_removes_or_a_server_adds() -> None:
    assert set(EXPECTED_HEADERS) <= {name.lower() for name in SECURITY_HEADERS}
    with serve(lambda request: Reply(200, b"ok", SECURITY_HEADERS)) as url:
        assert check_headers(url).state == "ok"
    with serve(lambda request: Reply(200, b"ok", {**SECURITY_HEADERS, "Server": "uvicorn"})) as url:
        assert "--no-server-header" in check_headers(url).advice[0]
    with serve(lambda request: Reply(200, b"ok", {**SECURITY_HEADERS, "Server": "cloudflare"})) as url:
        assert check_headers(url).state == "ok"
    with serve(lambda request: Reply(200, b"ok")) as url:
        assert "referrer-policy" in check_headers(url).found
