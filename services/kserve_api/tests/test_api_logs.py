"""Logs over HTTP, their last lines and as a stream (KS-06)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from kserve_api.api import log_stream
from kserve_api.apps.app import CONTAINER
from kserve_api.tests.running_api import IMAGE, RunningApi, running_api

_PODS = "pods"


@pytest.fixture(scope="module")
def api() -> Iterator[RunningApi]:
    with running_api(settings={"max_waiting": 3}) as running:
        with running.client() as client:
            assert client.post("/deploy", json={"name": "shop", "image": IMAGE, "min_scale": 1}).status_code == 201
        running.cluster.settle()
        yield running


@pytest.fixture
def client(api: RunningApi) -> Iterator[httpx.Client]:
    with api.client() as opened:
        yield opened


def _pod(api: RunningApi) -> str:
    pods = api.cluster.call(lambda store: store.list(_PODS, "team-a"))
    return next(str(pod["metadata"]["name"]) for pod in pods if pod["metadata"]["name"].startswith("shop-"))


def _write(api: RunningApi, text: str, age_s: float = 0) -> None:
    pod = _pod(api)
    api.cluster.call(lambda store: api.cluster.pod_logs.write("team-a", pod, CONTAINER, text, age_s=age_s))


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, str]]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def _open_streams(api: RunningApi) -> str:
    with api.client("ops") as client:
        text = client.get("/metrics").text
    return next(line for line in text.splitlines() if line.startswith("kserve_api_open_streams "))


def test_the_last_lines_are_shown(api: RunningApi, client: httpx.Client) -> None:
    """KS-06: tail_lines, since, and what they may be."""
    _write(api, "old line", age_s=3600)
    _write(api, "one\ntwo\nthree ü")
    found = client.get("/logs/shop?tail_lines=2").json()
    assert (found["logs"], found["pod_name"], found["tail_lines"]) == ("two\nthree ü\n", _pod(api), 2)
    assert "old line" not in client.get("/logs/shop?since=10m").json()["logs"]
    for wrong in ("tail_lines=0", "tail_lines=5001", "since=0", "since=soon", "container=A/b", "previous=perhaps"):
        assert client.get(f"/logs/shop?{wrong}").status_code == 422, wrong
    assert client.get("/logs/nothing").status_code == 404


def test_an_app_without_pods_has_a_message(api: RunningApi, client: httpx.Client) -> None:
    """KS-06: scaled to zero is 200 and says so."""
    assert client.post("/deploy", json={"name": "idle", "image": IMAGE, "namespace": "team-c"}).status_code == 201
    api.cluster.settle()
    controllers = api.cluster.controllers
    assert controllers is not None
    # Less than the progress deadline: what is deployed after this would count as late at once.
    api.cluster.call(lambda _: controllers.advance(300))
    api.cluster.settle()
    answer = client.get("/logs/idle?namespace=team-c")
    assert answer.status_code == 200
    assert "zero" in answer.json()["message"]


def test_lines_come_as_they_are_written(api: RunningApi, client: httpx.Client) -> None:
    """KS-06: server-sent events."""
    with client.stream("GET", "/logs/shop/stream?tail_lines=1") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = _events(stream.iter_lines())
        first, second = next(events), next(events)
        assert first[0] == "pod"
        assert first[1]["pod"] == _pod(api)
        assert second[0] == "line"
        for number in range(3):
            _write(api, f"live {number}")
            assert next(events) == ("line", {"text": f"live {number}", "pod": _pod(api)})


def test_a_stream_of_what_is_not_there_is_refused_like_any_request(client: httpx.Client) -> None:
    answer = client.get("/logs/nothing/stream")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_silent_stream_says_that_it_is_still_there(
    api: RunningApi, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KS-06: proxies close what is silent."""
    monkeypatch.setattr(log_stream, "_HEARTBEAT_S", 0.1)
    with client.stream("GET", "/logs/shop/stream?tail_lines=1") as stream:
        beats = 0
        for line in stream.iter_lines():
            beats += line.startswith(":")
            if beats == 3:
                break


def test_streams_end_with_their_clients_and_only_so_many_are_open(api: RunningApi, client: httpx.Client) -> None:
    """KS-06: a tenant has so many streams; who leaves makes room at once."""
    for _ in range(3):
        with ExitStack() as held:
            for _ in range(3):
                stream = held.enter_context(client.stream("GET", "/logs/shop/stream?tail_lines=1"))
                assert stream.status_code == 200
            refused = client.get("/logs/shop/stream")
            assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_open")
            assert int(refused.headers["retry-after"]) > 0
        deadline = time.monotonic() + 20
        while not _open_streams(api).endswith(" 0.0"):
            assert time.monotonic() < deadline, _open_streams(api)
            time.sleep(0.05)


def test_head_of_a_stream_ends(client: httpx.Client) -> None:
    assert client.head("/logs/shop/stream").status_code == 200


def test_a_stream_ends_when_its_app_is_deleted(api: RunningApi, client: httpx.Client) -> None:
    assert client.post("/deploy", json={"name": "brief", "image": IMAGE, "min_scale": 1}).status_code == 201
    api.cluster.settle()
    with client.stream("GET", "/logs/brief/stream") as stream:
        events = _events(stream.iter_lines())
        first = next(events)
        assert first[0] in {"pod", "line"}, first
        with api.client() as other:
            deleted = other.delete("/models/team-a/brief")
        assert deleted.status_code == 202, deleted.text
        seen = list(events)
        assert seen[-1][0] == "end", seen
