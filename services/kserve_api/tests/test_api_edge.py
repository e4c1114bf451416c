"""What holds for every request: limits, headers, errors, ids, metrics."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from kserve_api.api import request_limits
from kserve_api.tests.running_api import IMAGE, RunningApi, key_of, running_api

LIST = r"^GET .*/inferenceservices\?"


@pytest.fixture(scope="module")
def api() -> Iterator[RunningApi]:
    with running_api(settings={"request_timeout_s": 1.5, "cluster_timeout_s": 1.0, "max_waiting": 2}) as running:
        yield running


@pytest.fixture
def client(api: RunningApi) -> Iterator[httpx.Client]:
    with api.client() as opened:
        yield opened


def _code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_what_is_here_is_told_at_the_root(api: RunningApi) -> None:
    """KS-07: an index of routes with the version; every route of the document is in it."""
    with api.anonymous() as client:
        index = client.get("/").json()
        assert client.get("/health").json() == {"status": "ok"}
    told = {(route["method"], route["path"]) for route in index["routes"]}
    assert {("POST", "/deploy"), ("GET", "/models"), ("GET", "/logs/{name}"), ("GET", "/ready")} <= told
    assert index["version"] == httpx.get(f"{api.url}/openapi.json").json()["info"]["version"]


def test_the_page_for_people_loads_nothing_and_names_every_route(api: RunningApi) -> None:
    page = httpx.get(f"{api.url}/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.search(r"<script|src=|https?://(?!\{)", page.text)
    for path in httpx.get(f"{api.url}/openapi.json").json()["paths"]:
        assert path in page.text


def test_what_is_not_there_is_an_error_like_all_others(client: httpx.Client) -> None:
    """KS-05: the shape of 404 and 405."""
    assert _code(client.get("/no/such/route")) == (404, "no_such_route")
    assert _code(client.get("/models/")) == (404, "no_such_route")
    refused = client.put("/deploy", json={})
    assert _code(refused) == (405, "method_not_allowed")
    assert refused.headers["allow"] == "POST"
    assert _code(client.request("TRACE", "/models"))[0] == 405


def test_head_is_answered_as_get_without_a_body(client: httpx.Client) -> None:
    for path in ("/", "/health", "/models", "/models/team-a/nothing", "/metrics"):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
    assert client.head("/deploy").status_code == 405


def test_a_request_id_is_kept_or_made(api: RunningApi, client: httpx.Client) -> None:
    assert client.get("/health", headers={"X-Request-ID": "my-request-1"}).headers["x-request-id"] == "my-request-1"
    for bad in ("short", "x" * 65, "With-Capitals", "a b c d e f g"):
        assert client.get("/health", headers={"X-Request-ID": bad}).headers["x-request-id"] != bad
    client.get("/models", headers={"X-Request-ID": "told-in-the-log"})
    api.records(
        "kserve_api.requests",
        lambda found: any(
            record["request_id"] == "told-in-the-log" and record["route"] == "/models" for record in found
        ),
    )


def test_addresses_are_logged_as_routes_only(api: RunningApi, client: httpx.Client) -> None:
    client.get("/models/team-a/nothing?x=a-secret-by-mistake")
    client.get("/a-secret-by-mistake")
    assert "a-secret-by-mistake" not in "\n".join(api.log.lines)


def test_a_large_body_is_refused_before_it_is_read(api: RunningApi, client: httpx.Client) -> None:
    """KS-01: 256 KiB at most, announced or not."""
    large = b" " * (256 * 1024 + 1)
    headers = {"Content-Type": "application/json"}
    assert _code(client.post("/deploy", content=large, headers=headers)) == (413, "body_too_large")

    def pieces() -> Iterator[bytes]:
        yield from (b" " * 65536 for _ in range(5))

    assert _code(client.post("/deploy", content=pieces(), headers=headers)) == (413, "body_too_large")
    body = b'{"name": "fits", "image": "' + IMAGE.encode() + b'"}'
    fits = client.post("/deploy", content=body.ljust(256 * 1024), headers=headers)
    assert fits.status_code == 201


def test_a_body_that_does_not_come_is_not_waited_for(api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "_ARRIVAL_S", 0.2)
    place = urlsplit(api.url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        head = f"POST /deploy HTTP/1.1\r\nHost: x\r\nX-API-Key: {key_of('acme')}\r\nContent-Length: 100\r\n\r\n{{"
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 408")


def test_only_a_followed_log_has_no_time_limit() -> None:
    """KS-06: an app may be called `stream`, too."""
    statuses: list[int] = []

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.2)
        await Response(status_code=200)(scope, receive, send)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    limits = request_limits.RequestLimits(slow, answer_s=0.02, wait_s=0)
    for path in ("/models/default/stream", "/logs/stream", "/logs/shop/stream"):
        scope: Scope = {"type": "http", "path": path, "query_string": b"", "headers": [], "state": {}}
        asyncio.run(limits(scope, receive, send))
    assert statuses == [504, 504, 200]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"status": 403, "reason": "Forbidden", "message": "at 10.1.2.3"}, 502, "not_permitted"),
        ({"status": 409, "reason": "Conflict"}, 409, "conflict"),
        ({"status": 422, "reason": "Invalid"}, 502, "cluster_error"),
        ({"status": 429, "reason": "TooManyRequests", "retry_after_s": 7}, 429, "cluster_busy"),
        ({"status": 500, "reason": "InternalError", "message": "etcd at 10.1.2.3"}, 502, "cluster_error"),
        ({"status": 503, "reason": "ServiceUnavailable"}, 502, "cluster_error"),
        ({"drop": True, "times": 1000}, 503, "cluster_unreachable"),
        ({"delay_s": 3.0, "times": 1000}, 503, "cluster_unreachable"),
    ],
    ids=["403", "409", "422", "429", "500", "503", "dropped", "late"],
)
def test_what_the_cluster_answers_is_told_without_its_internals(
    api: RunningApi, client: httpx.Client, fault: dict[str, object], status: int, code: str
) -> None:
    """KS-08: the API server's answers are mapped."""
    api.cluster.fail_next(LIST, **fault)  # type: ignore[arg-type]
    answer = client.get("/models")
    api.cluster.call(lambda store: api.cluster.server.faults.clear())
    assert answer.status_code == status or code == "cluster_unreachable"
    assert answer.json()["error"]["code"] in {code, "timeout"}
    assert "10.1.2.3" not in answer.text
    if status in {429, 503} and answer.status_code != 504:
        assert int(answer.headers["retry-after"]) > 0


def test_too_many_that_wait_are_refused(api: RunningApi) -> None:
    """KS-08: a tenant keeps only so many requests open."""

    async def ask() -> list[int]:
        headers = {"X-API-Key": key_of("acme")}
        async with httpx.AsyncClient(base_url=api.url, headers=headers, timeout=60) as client:
            image = IMAGE.replace("1.0", "slow")
            bodies = [{"name": f"wait-{number}", "image": image} for number in range(4)]
            asked = [asyncio.create_task(client.post("/deploy?wait=true", json=body)) for body in bodies]
            done, left = await asyncio.wait(asked, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            while len(done) < 2:
                more, left = await asyncio.wait(left, timeout=10, return_when=asyncio.FIRST_COMPLETED)
                done |= more
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            return sorted(task.result().status_code for task in done)

    assert asyncio.run(ask()) == [429, 429]
    # Who has left holds no place.
    deadline = time.monotonic() + 30
    with api.client() as client:
        while (answer := client.delete("/models/team-a/wait-0?wait=true")).status_code == 429:
            assert time.monotonic() < deadline
    assert answer.status_code in {200, 404}


def test_metrics_count_without_names(api: RunningApi, client: httpx.Client) -> None:
    client.get("/models/team-a/a-name-of-an-app")
    with api.client("ops") as ops:
        deadline = time.monotonic() + 10
        while True:
            text = ops.get("/metrics").text
            if 'route="/models/{namespace}/{name}"' in text or time.monotonic() > deadline:
                break
    assert 'kserve_api_requests_total{method="GET",route="/models/{namespace}/{name}",status="404"}' in text
    assert 'kserve_api_deploys_total{outcome="created"}' in text
    assert 'kserve_api_cluster_seconds_count{resource="inferenceservices",status="200",verb="list"}' in text
    for name in ("a-name-of-an-app", "acme", "team-a"):
        assert name not in text
