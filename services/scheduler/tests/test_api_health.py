"""What is here, whether it lives, whether it can work; the document of the API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scheduler.api.document import openapi_document
from scheduler.queueing.job import WorkerBeat
from scheduler.queueing.worker_beats import WorkerBeats
from scheduler.tests.running_api import SECRET, RunningApi, keys_file, running_api
from scheduler.tests.running_redis import RunningRedis, running_redis


@pytest.fixture(scope="module")
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def api(redis: RunningRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    with running_api(redis, keys_file=keys_file(tmp_path_factory.mktemp("keys")), session_secret=SECRET) as running:
        yield running


async def _beat(redis: RunningRedis, beat: WorkerBeat) -> None:
    client = redis.address.connect(most=1)
    await WorkerBeats(client, prefix="scheduler", queue="triggers").publish(beat)
    await client.aclose()


def test_index_names_every_route(api: RunningApi) -> None:
    """SC-12: without a key; the routes are those of the document."""
    found = httpx.get(api.url, verify=False).json()
    assert found["service"] == "scheduler-api"
    routes = {(route["method"], route["path"]) for route in found["routes"]}
    assert {
        ("POST", "/api/workspaces/{workspace_id}/triggers"),
        ("GET", "/api/workspaces/{workspace_id}/triggers"),
        ("DELETE", "/api/workspaces/{workspace_id}/triggers"),
        ("DELETE", "/api/workspaces/{workspace_id}/triggers/{key}"),
        ("PATCH", "/api/workspaces/{workspace_id}/triggers/{key}"),
        ("POST", "/api/workspaces/{workspace_id}/triggers/{key}/run"),
        ("GET", "/metrics/api/{workspace_id}"),
        ("GET", "/health"),
        ("GET", "/ready"),
        ("GET", "/internal/metrics"),
    } <= routes


def test_health_tells_of_redis_workers_and_s3(api: RunningApi, redis: RunningRedis) -> None:
    """SC-12, Trouble jobs not running: heartbeat age and last flush; workers 0 is visible."""
    none = httpx.get(f"{api.url}/health", verify=False).json()
    assert none["workers"] == {"status": "none", "count": 0, "heartbeat_age_s": None}
    now = time.time()
    asyncio.run(_beat(redis, WorkerBeat("worker-1", now - 60, now - 3, 1, 10, 7, now - 30, None)))
    found = httpx.get(f"{api.url}/health", verify=False).json()
    assert found["redis"]["status"] == "ok"
    assert 0 <= found["redis"]["ping_ms"] < 1000
    assert found["workers"]["count"] == 1
    assert 3 <= found["workers"]["heartbeat_age_s"] < 10
    assert 30 <= found["s3"]["last_flush_age_s"] < 40
    assert (found["s3"]["status"], found["s3"]["pending_records"]) == ("ok", 7)
    asyncio.run(_beat(redis, WorkerBeat("worker-1", now - 60, now, 1, 10, 7, now - 30, "403 for s3://bucket")))
    failing = httpx.get(f"{api.url}/health", verify=False)
    assert failing.json()["s3"]["status"] == "failing"
    assert "bucket" not in failing.text


def test_process_lives_and_is_not_ready_while_redis_is_away(tmp_path: Path) -> None:
    """SC-12: a restart would not bring Redis back; both answer within the second that a probe waits."""
    with (
        running_redis(append_only=True) as redis,
        running_api(redis, keys_file=keys_file(tmp_path), session_secret=SECRET) as api,
        api.client("ops") as client,
        api.person("ops") as person,
    ):
        trigger = {"cron": "*/5 * * * *", "url": "https://shop.example/"}
        assert client.post("/api/workspaces/acme/triggers", json={"triggers": [trigger]}).status_code == 200
        assert client.get("/ready").json() == {"status": "ready", "missing": []}
        redis.kill()
        began = time.monotonic()
        health, ready = client.get("/health"), client.get("/ready")
        assert time.monotonic() - began < 2
        assert (health.status_code, health.json()["redis"]["status"]) == (200, "away")
        assert health.json()["workers"]["status"] == "unknown"
        assert ready.status_code == 503
        assert "127.0.0.1" not in httpx.get(f"{api.url}/ready", verify=False).text
        refused = client.post("/api/workspaces/acme/triggers", json={"triggers": []})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "queue_unavailable")
        assert refused.headers["Retry-After"]
        page = person.get("/admin/queues")
        assert page.status_code == 503
        assert "<h1>Not available</h1>" in page.text
        redis.start()
        assert client.get("/ready").status_code == 200
        assert client.get("/api/workspaces/acme/triggers").json()["count"] == 1


def test_metrics_of_the_process_are_elsewhere(api: RunningApi) -> None:
    """SC-10: Prometheus text moves from /metrics; SC-08: repairs are counted in it; no workspace is named."""
    with api.client("ops") as client:
        client.get("/api/workspaces/acme/triggers")
        found = client.get("/internal/metrics")
    assert found.headers["Content-Type"].startswith("text/plain")
    assert 'scheduler_reconciler_repairs_total{fault="missing"}' in found.text
    assert "scheduler_api_requests_total" in found.text
    assert "acme" not in found.text


def test_document_is_valid_and_describes_bodies_and_errors() -> None:
    """SC-01: OpenAPI 3.1; every reference leads somewhere."""
    document = openapi_document()
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    for reference in _references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    post = document["paths"]["/api/workspaces/{workspace_id}/triggers"]["post"]
    assert post["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/TriggersBody")
    assert set(schemas["TriggerBody"]["required"]) == {"cron", "url"}
    assert post["responses"]["default"]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")
    assert post["security"] == [{"Bearer": []}]
    assert "security" not in document["paths"]["/health"]["get"]
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all(operation["summary"] and operation["description"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/sign-in", "/nothing", "/pages/style.css"])
def test_every_answer_has_the_headers_of_a_browser(api: RunningApi, path: str) -> None:
    """SC-10: nothing is guessed, framed, loaded from elsewhere, or kept in a cache (but the stylesheet)."""
    with api.client() as client:
        headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Cache-Control"] == ("public, max-age=300" if path.endswith(".css") else "no-store")


def test_head_is_answered_as_get_is_and_other_methods_are_not(api: RunningApi) -> None:
    """SC-12: probes use HEAD, too."""
    assert httpx.head(f"{api.url}/health", verify=False).status_code == 200
    with api.client() as client:
        refused = client.put("/api/workspaces/acme/triggers", json={})
        assert (refused.status_code, refused.json()["error"]["code"]) == (405, "method_not_allowed")
        assert client.get("/debug/bucket").json()["error"]["code"] == "no_such_route"


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
