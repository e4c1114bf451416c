"""Pages with something on them: triggers, executions of a week, jobs in each state, workers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from scheduler.queueing.bullmq_queue import BullMqQueue
from scheduler.queueing.job import Call, JobState, Progress, WorkerBeat
from scheduler.queueing.queue import FinalFailure
from scheduler.queueing.worker_beats import WorkerBeats
from scheduler.tests.memory_history import record
from scheduler.tests.queue_pieces import running_worker
from scheduler.tests.running_api import RunningApi
from scheduler.tests.running_redis import RunningRedis
from scheduler.triggers.redis_store import RedisTriggerStore

__all__ = ["HEADER_SECRET", "fill", "fill_queue"]

HEADER_SECRET = "token-of-the-target-8181"  # pragma: allowlist secret

_TRIGGERS = [
    {
        "name": "Nightly ingestion of new filings",
        "cron": "30 2 * * *",
        "tz": "Europe/Berlin",
        "url": "https://indexer.example/ingest?token=in-the-query-9191",
        "method": "POST",
        "headers": {"Authorization": f"Bearer {HEADER_SECRET}"},
        "body": {"since": "yesterday"},
    },
    {"name": "Weekly evaluation", "cron": "@weekly", "url": "https://indexer.example/evaluate", "method": "POST"},
    {"cron": "*/15 * * * *", "url": "https://shop.example/a/rather/long/path/to/see/how/it/wraps/on/a/phone"},
    {"cron": "0 0 1 * *", "url": "https://shop.example/monthly", "enabled": False},
]


def fill(api: RunningApi, *, hours: int = 160) -> None:
    """Register triggers of acme, and let so many hours of executions have happened."""
    with api.client("acme") as client:
        answer = client.post("/api/workspaces/acme/triggers", json={"triggers": _TRIGGERS})
        assert answer.status_code == 200, answer.text
    now = datetime.now(UTC)
    for hour in range(1, hours):
        for run in range(1 + (hour * 7) % 5):
            began = now - timedelta(hours=hour, minutes=run)
            failed = (hour * 5 + run) % 17 == 0
            api.history.records.append(
                record("acme", began, failed=failed, trigger_url="https://indexer.example/ingest")
            )
    # Of another trigger, which stood at this place before.
    refused = record("acme", now - timedelta(minutes=2), failed=True, response="<h1>503</h1> " + "overloaded " * 20)
    api.history.records.append(refused)


def fill_queue(redis: RunningRedis) -> str:
    """Leave jobs in each state, and a worker that says that it is there; return the id of a failed job."""
    # The thread of a browser test has a loop of Playwright's own.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(_fill_queue(redis))).result()


async def _fill_queue(redis: RunningRedis) -> str:
    queue = BullMqQueue(redis.address, name="triggers", prefix="scheduler")
    store = RedisTriggerStore(redis.address, prefix="scheduler")
    owner = await store.get("acme", "dev")
    assert owner is not None

    async def handler(call: Call, progress: Progress) -> Mapping[str, object]:
        if call.index == 1:
            raise FinalFailure("HTTP 404 Not Found: the target does not know this address")
        return {"status": "success", "http_status": 200, "duration_ms": 42, "response": HEADER_SECRET}

    for index in (0, 1, 2):
        await queue.run_now(owner, owner.triggers[index])
    async with running_worker(redis, handler):
        end = time.monotonic() + 10
        while (await queue.counts())[JobState.COMPLETED] < 2 or not (await queue.counts())[JobState.FAILED]:
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
    await queue.run_now(owner, owner.triggers[0])
    client = redis.address.connect(most=2)
    now = time.time()
    beat = WorkerBeat("worker-7c9f-1", now - 4000, now, 3, 25, 12, now - 20, None)
    await WorkerBeats(client, prefix="scheduler", queue="triggers").publish(beat)
    failed = (await queue.jobs(JobState.FAILED))[0].id
    await client.aclose()
    await store.close()
    await queue.close()
    return failed
