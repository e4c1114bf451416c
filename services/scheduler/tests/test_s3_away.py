"""SC-09: S3 is away for five minutes at 50 executions a second, and no record is lost."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import httpx
import pytest

from scheduler.queueing.bullmq_queue import BullMqQueue
from scheduler.tests.process_memory import memory_mb
from scheduler.tests.running_redis import RunningRedis, running_redis
from scheduler.tests.running_role import RunningRole, running_role
from scheduler.tests.running_s3 import running_s3
from scheduler.tests.running_target import running_target
from scheduler.tests.soak_results import write_result
from scheduler.triggers.redis_store import RedisTriggerStore
from scheduler.triggers.trigger import Trigger

_AWAY_S = float(os.environ.get("SCHEDULER_SOAK_AWAY_S", "300"))
_PER_S = 50
_MOST_MB = 120
_SETTINGS = {"SCHEDULER_CONCURRENCY": "25", "SCHEDULER_WORKSPACE_CONCURRENCY": "25"}


@pytest.mark.soak
def test_no_record_is_lost_while_s3_is_away(tmp_path: Path) -> None:
    """Flow metrics: S3 down for 5 minutes loses nothing."""
    with running_redis() as redis, running_s3() as s3, running_target() as target:
        environment = {**redis.environment, **s3.environment, **_SETTINGS}
        with running_role("worker", environment, tmp_path) as worker:
            s3.stop()
            began = time.monotonic()
            executions = asyncio.run(_run(redis, target.url + "/run"))
            away_s = time.monotonic() - began
            worker.wait_for("running", 0, timeout_s=120)
            while not _all_ended(worker, len(executions)):
                time.sleep(0.5)
            waiting = worker.health()["pending_records"]
            spool_mb = _spool_mb(tmp_path / "spool")
            s3.start()
            began = time.monotonic()
            worker.wait_for("pending_records", len(executions) % 100, timeout_s=300)
            caught_up_s = time.monotonic() - began
            peak_mb = memory_mb(worker.process.pid)
            assert worker.stop() == 0
        recorded = [str(record["execution_id"]) for record in s3.records()]
        result = {
            "s3_away_s": round(away_s),
            "executions": len(executions),
            "executions_per_s": round(len(executions) / away_s, 1),
            "waiting_at_most": waiting,
            "spool_mb": spool_mb,
            "caught_up_s": round(caught_up_s, 1),
            "lost": len(set(executions) - set(recorded)),
            "recorded_twice": len(recorded) - len(set(recorded)),
            "worker_peak_rss_mb": round(peak_mb, 1),
        }
        write_result("s3_away", "A worker at 50 executions/s while S3 does not answer; all on the same cores", result)
        assert set(recorded) == set(executions)
        assert peak_mb <= _MOST_MB


async def _run(redis: RunningRedis, url: str) -> list[str]:
    """Run a trigger so many times a second."""
    store = RedisTriggerStore(redis.address, prefix="scheduler")
    queue = BullMqQueue(redis.address, name="triggers", prefix="scheduler")
    try:
        _, owner = await store.replace("acme", "dev", [Trigger("0 0 1 1 *", url)], most=1)
        executions: list[str] = []
        began = time.monotonic()
        while len(executions) < _AWAY_S * _PER_S:
            executions.append(await queue.run_now(owner, owner.triggers[0]))
            await asyncio.sleep(max(0.0, began + len(executions) / _PER_S - time.monotonic()))
        return executions
    finally:
        await queue.close()
        await store.close()


def _all_ended(worker: RunningRole, count: int) -> bool:
    metrics = httpx.get(f"{worker.url}/metrics").text.splitlines()
    ended = [float(line.split()[1]) for line in metrics if line.startswith("scheduler_executions_total")]
    return sum(ended) >= count


def _spool_mb(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*.jsonl")) / 1e6, 1)
