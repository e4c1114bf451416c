"""What ran, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from scheduler.tests.memory_history import record
from scheduler.tests.running_api import SECRET, RunningApi, keys_file, running_api
from scheduler.tests.running_redis import running_redis

_NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    folder = tmp_path_factory.mktemp("keys")
    with running_redis() as redis, running_api(redis, keys_file=keys_file(folder), session_secret=SECRET) as running:
        for minutes in range(1, 121):
            running.history.records.append(record("acme", _NOW - timedelta(minutes=minutes), failed=minutes % 10 == 0))
        running.history.records.append(record("acme", _NOW - timedelta(hours=100), environment="prod"))
        running.history.records.append(record("acme", _NOW - timedelta(hours=200)))
        running.history.records.append(record("acme2", _NOW - timedelta(minutes=5)))
        yield running


@pytest.fixture
def acme(api: RunningApi) -> Iterator[httpx.Client]:
    with api.client("acme") as client:
        yield client


def test_answer_has_the_documented_fields(acme: httpx.Client) -> None:
    """SC-10: of exactly this workspace, in the last 168 hours, the newest 100."""
    found = acme.get("/metrics/api/acme").json()
    assert set(found) == {"workspace_id", "total", "stats", "executions", "next_execution", "unread"}
    assert set(found["stats"]) == {
        "total",
        "success",
        "failed",
        "success_rate",
        "avg_duration",
        "p95",
        "chart_data",
    }
    assert (found["workspace_id"], found["total"], len(found["executions"])) == ("acme", 121, 100)
    assert (found["stats"]["success"], found["stats"]["failed"]) == (109, 12)
    # 100 * 109 / 121 = 90.0826…
    assert (found["stats"]["success_rate"], found["stats"]["avg_duration"]) == (90.08, 40.0)
    assert sum(hour["success"] + hour["failed"] for hour in found["stats"]["chart_data"]) == 121
    assert all(hour["hour"].endswith(":00:00Z") for hour in found["stats"]["chart_data"])
    assert {
        "workspace_id",
        "job_id",
        "job_name",
        "trigger_url",
        "trigger_method",
        "timestamp",
        "status",
        "duration_ms",
        "http_status",
        "retry_count",
        "error_message",
        "environment",
    } <= set(found["executions"][0])


def test_figures_have_two_decimals(api: RunningApi, acme: httpx.Client) -> None:
    """SC-10: and the rate is not 100 where anything failed."""
    began = datetime(2026, 2, 3, 4, tzinfo=UTC)
    kept = list(api.history.records)
    api.history.records += [record("acme", began, duration_ms=each, failed=each == 10) for each in (10, 20, 20)]
    period = {"from": "2026-02-03", "to": "2026-02-04"}
    few = acme.get("/metrics/api/acme", params=period).json()["stats"]
    api.history.records += [record("acme", began)] * 30_000
    many = acme.get("/metrics/api/acme", params=period).json()["stats"]
    api.history.records[:] = kept
    assert (few["success_rate"], few["avg_duration"], few["p95"]) == (66.67, 16.67, 20.0)
    assert (many["failed"], many["success_rate"]) == (1, 99.99)


def test_environment_filter_finds_what_is_there(acme: httpx.Client) -> None:
    """SC-10, Original: the environment was not stored, so that the filter found nothing."""
    assert acme.get("/metrics/api/acme", params={"environment": "prod"}).json()["total"] == 1
    assert acme.get("/metrics/api/acme", params={"environment": "stg"}).json()["total"] == 0


def test_period_and_limit_are_chosen(acme: httpx.Client) -> None:
    """SC-10: from, to, limit; a time without an offset is UTC."""
    since, until = (_NOW - timedelta(minutes=30)).replace(tzinfo=None), _NOW - timedelta(minutes=20)
    found = acme.get(
        "/metrics/api/acme", params={"from": since.isoformat(), "to": until.isoformat(), "limit": 3}
    ).json()
    assert (found["total"], len(found["executions"])) == (10, 3)


def test_next_execution_is_that_of_the_triggers(acme: httpx.Client) -> None:
    """SC-10: null without any."""
    assert acme.get("/metrics/api/acme").json()["next_execution"] is None
    trigger = {"cron": "*/5 * * * *", "url": "https://shop.example/"}
    made = acme.post("/api/workspaces/acme/triggers", json={"triggers": [trigger]}).json()
    assert acme.get("/metrics/api/acme").json()["next_execution"] == made["jobs"][0]["next_run"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "environment=live",
        "from=yesterday",
        "from=2026-02-02&to=2026-02-01",
        "from=2001-01-01",
        "to=0001-01-02",
        "from=0001-01-01T00:00:00%2B10:00&to=0001-01-01",
        "to=9999-12-31T23:59:59-10:00",
    ],
)
def test_query_is_refused(acme: httpx.Client, query: str) -> None:
    """SC-10: in words; nothing is read for it."""
    answer = acme.get(f"/metrics/api/acme?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] in {"invalid_request", "invalid_period"}


def test_store_that_is_away_is_told(api: RunningApi, acme: httpx.Client) -> None:
    """SC-10, Original: errors of the store were swallowed, and nothing was shown for them."""
    api.history.away = "the object store does not answer: check SCHEDULER_S3_ENDPOINT"
    answer = acme.get("/metrics/api/acme")
    api.history.away = ""
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "history_unavailable")
    assert "SCHEDULER_S3_ENDPOINT" in answer.json()["error"]["message"]


def test_objects_that_could_not_be_read_are_named(api: RunningApi, acme: httpx.Client) -> None:
    """SC-10: partial figures are said to be partial."""
    api.history.unread = ("metrics/year=2026/a.json",)
    found = acme.get("/metrics/api/acme").json()
    api.history.unread = ()
    assert found["unread"] == ["metrics/year=2026/a.json"]
