"""The worker role as a process, with a real Redis, an S3 server and an HTTP target."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from scheduler.queueing.bullmq_queue import BullMqQueue
from scheduler.queueing.job import Job
from scheduler.tests.process_memory import memory_mb
from scheduler.tests.running_redis import RunningRedis, running_redis
from scheduler.tests.running_role import RunningRole, running_role
from scheduler.tests.running_s3 import RunningS3, running_s3
from scheduler.tests.running_target import Reply, RunningTarget, running_target
from scheduler.triggers.redis_store import RedisTriggerStore
from scheduler.triggers.trigger import Trigger, TriggerSet

_TOKEN = "tok-9f8e7d6c5b"  # pragma: allowlist secret
_MOST_MB = 120


@pytest.fixture(scope="module")
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def target() -> Iterator[RunningTarget]:
    with running_target() as server:
        yield server


@pytest.fixture(scope="module")
def running() -> Iterator[RunningS3]:
    with running_s3() as server:
        yield server


@pytest.fixture
def s3(running: RunningS3) -> RunningS3:
    running.clear()
    return running


@pytest.fixture(scope="module")
def worker(redis: RunningRedis, running: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRole]:
    """A worker that writes each record at once, and waits a moment between attempts."""
    settings = {"SCHEDULER_METRICS_BUFFER": "1", "SCHEDULER_BACKOFF_S": "0.2"}
    folder = tmp_path_factory.mktemp("worker")
    with running_role("worker", {**redis.environment, **running.environment, **settings}, folder) as process:
        yield process


def run_now(redis: RunningRedis, *triggers: Trigger, workspace: str = "acme") -> list[str]:
    """Register triggers and run each once; return the ids of the executions."""

    async def scenario() -> list[str]:
        owner = await _registered(redis, triggers, workspace)
        queue = BullMqQueue(redis.address, name="triggers", prefix="scheduler")
        try:
            return [await queue.run_now(owner, placed) for placed in owner.triggers]
        finally:
            await queue.close()

    return asyncio.run(scenario())


def schedule(redis: RunningRedis, trigger: Trigger, workspace: str) -> None:
    """Register a trigger and its schedule."""

    async def scenario() -> None:
        owner = await _registered(redis, [trigger], workspace)
        queue = BullMqQueue(redis.address, name="triggers", prefix="scheduler")
        try:
            await queue.upsert(owner, owner.triggers[0])
        finally:
            await queue.close()

    asyncio.run(scenario())


def job(redis: RunningRedis, job_id: str) -> Job | None:
    """The job of an execution."""

    async def scenario() -> Job | None:
        queue = BullMqQueue(redis.address, name="triggers", prefix="scheduler")
        try:
            return await queue.job(job_id)
        finally:
            await queue.close()

    return asyncio.run(scenario())


def record_of(s3: RunningS3, execution_id: str, *, timeout_s: float = 20) -> dict[str, object]:
    """The record of an execution, once it is on S3; fails where there are two."""
    deadline = time.monotonic() + timeout_s
    while not (found := [each for each in s3.records() if each["execution_id"] == execution_id]):
        assert time.monotonic() < deadline, "the execution is not recorded"
        time.sleep(0.05)
    assert len(found) == 1
    return found[0]


async def _registered(redis: RunningRedis, triggers: list[Trigger] | tuple[Trigger, ...], workspace: str) -> TriggerSet:
    store = RedisTriggerStore(redis.address, prefix="scheduler")
    try:
        _, owner = await store.replace(workspace, "dev", list(triggers), most=100)
        return owner
    finally:
        await store.close()


def test_execution_is_followed_by_one_correlation_id(
    redis: RunningRedis, s3: RunningS3, target: RunningTarget, worker: RunningRole
) -> None:
    """Flow trigger: store -> schedule -> Redis -> worker -> HTTP -> metric object, by a single correlation id."""
    url = target.answer("/flow", Reply(body=b"ran"))
    trigger = Trigger("* * * * * *", url + "?key=query-secret", "POST", {"Authorization": f"Bearer {_TOKEN}"}, {"n": 1})
    schedule(redis, trigger, "flow")
    asked = target.wait(1, path="/flow")[0]
    record = record_of(s3, asked.key)
    assert asked.key.startswith("repeat:flow:dev:0:")
    assert asked.headers["authorization"] == f"Bearer {_TOKEN}"
    tick = int(asked.key.rpartition(":")[2])
    kept = job(redis, asked.key)
    assert kept is not None
    assert kept.result["http_status"] == 200
    assert record["workspace_id"] == "flow"
    assert (record["job_id"], record["job_name"]) == ("flow:dev:0", "flow-dev-trigger-0")
    assert (record["trigger_url"], record["trigger_method"]) == (url, "POST")
    assert (record["status"], record["http_status"], record["retry_count"]) == ("success", 200, 0)
    assert (record["environment"], record["response"]) == ("dev", "ran")
    assert 0 <= int(str(record["lateness_ms"])) < 5000
    began = datetime.fromisoformat(str(record["timestamp"])).timestamp() * 1000
    assert began - tick == record["lateness_ms"]
    assert any(line.get("correlation_id") == asked.key for line in worker.records())
    written = worker.log.read_text() + "".join(body.decode() for body in s3.objects().values())
    assert _TOKEN not in written
    assert "query-secret" not in written
    schedule(redis, Trigger("0 0 1 1 *", url), "flow")


def test_attempts_are_one_execution_with_its_final_outcome(
    redis: RunningRedis, s3: RunningS3, target: RunningTarget, worker: RunningRole
) -> None:
    """Original: each attempt was logged as an execution of its own, so that rates were wrong."""
    url = target.answer("/twice", Reply(500, body=b"no"), Reply(503), Reply(200, body=b"yes"))
    (execution,) = run_now(redis, Trigger("0 0 1 1 *", url), workspace="retries")
    record = record_of(s3, execution)
    assert (record["status"], record["retry_count"], record["http_status"]) == ("success", 2, 200)
    attempts = record["attempts"]
    assert isinstance(attempts, list)
    assert [attempt["http_status"] for attempt in attempts] == [500, 503, 200]
    assert record["timestamp"] == attempts[0]["timestamp"]
    asked = target.at("/twice")
    assert [each.headers["x-trigger-attempt"] for each in asked] == ["1", "2", "3"]
    assert {each.key for each in asked} == {execution}
    assert record["lateness_ms"] is None


def test_execution_fails_for_good_after_the_last_attempt_or_a_final_answer(
    redis: RunningRedis, s3: RunningS3, target: RunningTarget, worker: RunningRole
) -> None:
    """SC-04: 3 attempts for what may pass, one for other 4xx; the outcome is told to the queue as well."""
    away, refused = target.answer("/away", Reply(500)), target.answer("/refused", Reply(404))
    tried, once = run_now(redis, Trigger("0 0 1 1 *", away), Trigger("0 0 1 1 *", refused), workspace="failing")
    assert (record_of(s3, tried)["status"], len(target.at("/away"))) == ("failed", 3)
    assert (record_of(s3, once)["retry_count"], len(target.at("/refused"))) == (0, 1)
    kept = job(redis, once)
    assert kept is not None
    assert kept.failed_reason == "the target answered 404; this is not tried again"


def test_target_is_asked_again_when_it_says(
    redis: RunningRedis, s3: RunningS3, target: RunningTarget, worker: RunningRole
) -> None:
    """SC-04: Retry-After decides instead of the queue's own wait (0.2 s here)."""
    url = target.answer("/limited", Reply(429, headers={"Retry-After": "1"}), Reply())
    (execution,) = run_now(redis, Trigger("0 0 1 1 *", url), workspace="limited")
    record_of(s3, execution)
    first, second = target.at("/limited")
    assert 1.0 <= second.at - first.at < 4


def test_run_of_a_trigger_that_was_replaced_calls_nothing(
    redis: RunningRedis, target: RunningTarget, worker: RunningRole
) -> None:
    url = target.answer("/replaced", Reply())

    async def scenario() -> str:
        owner = await _registered(redis, [Trigger("0 0 1 1 *", url)], "replaced")
        await _registered(redis, [Trigger("0 0 2 1 *", url)], "replaced")
        queue = BullMqQueue(redis.address, name="triggers", prefix="scheduler")
        try:
            return await queue.run_now(owner, owner.triggers[0])
        finally:
            await queue.close()

    execution = asyncio.run(scenario())
    deadline = time.monotonic() + 20
    while (kept := job(redis, execution)) is None or kept.finished_ms is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert kept.result == {"status": "obsolete"}
    assert target.at("/replaced") == []


def test_worker_says_how_it_is(redis: RunningRedis, worker: RunningRole) -> None:
    """SC-12: the worker's health, its heartbeat with what waits for S3, and Prometheus elsewhere than the dashboard."""
    assert worker.health()["status"] == "ok"
    assert httpx.get(f"{worker.url}/ready").status_code == 200
    metrics = httpx.get(f"{worker.url}/metrics").text
    for name in ("executions_total", "attempts_total", "lateness_seconds_bucket", "flushes_total", "spool_records"):
        assert f"scheduler_{name}" in metrics
    assert "acme" not in metrics

    async def beats() -> list[float | None]:
        queue = BullMqQueue(redis.address, name="triggers", prefix="scheduler")
        try:
            return [beat.last_flush_at for beat in await queue.workers()]
        finally:
            await queue.close()

    deadline = time.monotonic() + 20
    while None in (found := asyncio.run(beats())) or not found:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_worker_needs_little_memory(worker: RunningRole) -> None:
    assert memory_mb(worker.process.pid) <= _MOST_MB


def test_sigterm_loses_nothing(redis: RunningRedis, s3: RunningS3, target: RunningTarget, tmp_path: Path) -> None:
    """Flow metrics: SIGTERM ends calls under way, flushes, and takes no more; the original's API pods did not flush."""
    settings = {**redis.environment, **s3.environment, "SCHEDULER_QUEUE": "ending"}
    url = target.answer("/ending", Reply(delay_s=0.7))

    async def scenario() -> str:
        owner = await _registered(redis, [Trigger("0 0 1 1 *", url)], "ending")
        queue = BullMqQueue(redis.address, name="ending", prefix="scheduler")
        try:
            return await queue.run_now(owner, owner.triggers[0])
        finally:
            await queue.close()

    with running_role("worker", settings, tmp_path) as ending:
        execution = asyncio.run(scenario())
        target.wait(1, path="/ending")
        assert ending.stop() == 0
        assert record_of(s3, execution, timeout_s=0)["status"] == "success"
        assert list((tmp_path / "spool").iterdir()) == []
        assert any("all records are on S3" in str(line["message"]) for line in ending.records())


def test_killed_worker_loses_no_finished_execution(
    redis: RunningRedis, s3: RunningS3, target: RunningTarget, tmp_path: Path
) -> None:
    """SC-09: a worker killed with records in its buffer: the next one writes them."""
    settings = {**redis.environment, **s3.environment, "SCHEDULER_QUEUE": "killed", "SCHEDULER_METRICS_FLUSH_S": "600"}
    url = target.answer("/killed", Reply())

    async def scenario() -> list[str]:
        owner = await _registered(redis, [Trigger("0 0 1 1 *", url)], "killed")
        queue = BullMqQueue(redis.address, name="killed", prefix="scheduler")
        try:
            return [await queue.run_now(owner, owner.triggers[0]) for _ in range(5)]
        finally:
            await queue.close()

    with running_role("worker", settings, tmp_path) as first:
        executions = asyncio.run(scenario())
        first.wait_for("pending_records", 5)
        first.kill()
    assert s3.objects() == {}
    with running_role("worker", settings, tmp_path) as second:
        for execution in executions:
            assert record_of(s3, execution)["workspace_id"] == "killed"
        assert second.stop() == 0


def test_record_timestamps_are_in_utc(
    redis: RunningRedis, s3: RunningS3, target: RunningTarget, worker: RunningRole
) -> None:
    (execution,) = run_now(redis, Trigger("0 0 1 1 *", target.answer("/utc", Reply())), workspace="utc")
    record = record_of(s3, execution)
    assert str(record["timestamp"]).endswith("Z")
    age = datetime.now(UTC) - datetime.fromisoformat(str(record["timestamp"]))
    assert 0 <= age.total_seconds() < 60
    hour = datetime.fromisoformat(str(record["timestamp"])).strftime("year=%Y/month=%m/day=%d/hour=%H/")
    assert any(hour in key for key in s3.objects())
