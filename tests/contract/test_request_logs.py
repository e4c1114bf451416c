"""A request is one line of JSON in the log, with its id and its stages, and without a word of what was asked."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.contract.conftest import EMPLOYEES
from tests.local_processes import Server, wait_until

Json = dict[str, Any]


def lines_of(backend: Server, request_id: str) -> list[Json]:
    """The entries of a request, once its last one is there."""

    def found() -> list[Json]:
        entries = [json.loads(line) for line in backend.output.splitlines() if line.endswith("}")]
        return [entry for entry in entries if entry.get("request_id") == request_id]

    wait_until(lambda: any("route" in entry for entry in found()), "the request is logged")
    return found()


def test_every_line_is_an_object_with_time_level_and_logger(client: httpx.Client, backend: Server) -> None:
    client.get("/catalog")
    for line in backend.output.splitlines():
        entry = json.loads(line)
        names = [name for name in entry if name != "request_id"]
        assert names[:4] == ["level", "message", "timestamp", "logger"]
        assert entry["timestamp"].endswith("+00:00")


@pytest.mark.parametrize("path", ["/query", "/query/stream"])
def test_query_is_told_with_its_stages(client: httpx.Client, backend: Server, path: str) -> None:
    given = f"stages-{path.count('/')}"
    client.post(path, json={"question": EMPLOYEES}, headers={"X-Request-ID": given}).read()
    (entry,) = lines_of(backend, given)
    assert (entry["method"], entry["route"], entry["status"], entry["level"]) == ("POST", path, 200, "INFO")
    assert f"POST {path} 200 in {entry['duration_ms']:.1f} ms: answered, " in entry["message"]
    query = entry["query"]
    assert entry["client"] == "127.0.0.1"
    assert query["status"] == "answered"
    assert query["model"] == "extractive"
    assert query["index_version"] == client.get("/health").json()["index_version"]
    assert {"understanding", "facts"} <= query["stages_ms"].keys() or query["cached"]
    assert 0 < query["total_ms"] <= entry["duration_ms"] + 1


def test_words_addresses_and_parameters_are_not_logged(client: httpx.Client, backend: Server) -> None:
    given = {"X-Request-ID": "words-of-nobody"}
    client.post("/query", json={"question": "Is zanzibarquux covered?"}, headers=given)
    client.get("/passages/zanzibarquux", params={"zanzibarquux": "zanzibarquux"}, headers=given)
    client.get("/zanzibarquux/zanzibarquux", headers=given)
    client.get("/facts", params={"tickers": "ZANZIBARQUUX", "metrics": "revenue"}, headers=given)
    wait_until(lambda: len(lines_of(backend, "words-of-nobody")) == 4, "all four are logged")
    assert "zanzibarquux" not in backend.output.lower()


def test_refused_request_is_told_too(client: httpx.Client, backend: Server) -> None:
    client.post("/query", content=b" " * 2**20, headers={"X-Request-ID": "much-too-large"})
    (entry,) = lines_of(backend, "much-too-large")
    assert (entry["route"], entry["status"]) == ("/query", 413)


def test_probes_are_not_told(client: httpx.Client, backend: Server) -> None:
    for path in ("/livez", "/readyz", "/health", "/metrics"):
        client.get(path, headers={"X-Request-ID": "only-a-probe"})
    client.get("/usage", headers={"X-Request-ID": "after-the-probes"})
    lines_of(backend, "after-the-probes")
    assert "only-a-probe" not in backend.output


def test_answer_that_was_kept_says_so(client: httpx.Client, backend: Server) -> None:
    for given in ("asked-at-first", "asked-once-more"):
        client.post("/query", json={"question": EMPLOYEES}, headers={"X-Request-ID": given})
    (entry,) = lines_of(backend, "asked-once-more")
    assert entry["query"]["cached"] is True
