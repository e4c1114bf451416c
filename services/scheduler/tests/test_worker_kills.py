"""SC-07: workers that are killed with SIGKILL in the middle of a call."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from scheduler.tests.queue_pieces import (
    YEARLY,
    ended,
    eventually,
    first,
    open_queue,
    owner,
)
from scheduler.tests.running_redis import RunningRedis, running_redis

_SERVICES = Path(__file__).parents[2]


@pytest.fixture
def redis() -> Iterator[RunningRedis]:
    with running_redis(append_only=True) as server:
        yield server


@contextmanager
def _process(redis: RunningRedis, file: Path, seconds: float, **options: float) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "scheduler.tests.worker_role", str(file), str(seconds), json.dumps(options)]
    environment = {**os.environ, **redis.environment, "PYTHONPATH": str(_SERVICES)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _lines(file: Path) -> Sequence[tuple[str, int, str, int, bool]]:
    return [tuple(json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def test_job_of_a_worker_killed_in_its_call_is_run_by_another_one(redis: RunningRedis, tmp_path: Path) -> None:
    """SC-07: recovered within lock and stall interval, with the same id and no attempt used up."""
    file = tmp_path / "calls"

    async def run() -> None:
        async with open_queue(redis) as queue:
            with _process(redis, file, 30) as killed:
                job_id = await queue.run_now(*first(owner(YEARLY)))
                await eventually(lambda: bool(_lines(file)), within_s=20)
                with _process(redis, file, 0.05) as second:
                    killed.send_signal(signal.SIGKILL)
                    killed_at = time.monotonic()
                    await ended(queue, job_id)
                    assert time.monotonic() - killed_at < 2 + 2 * 1 + 2
                    lines = [(what, pid, id_, attempt, again) for what, pid, id_, attempt, again in _lines(file)]
                    assert lines == [
                        ("begin", killed.pid, job_id, 1, False),
                        ("begin", second.pid, job_id, 1, True),
                        ("end", second.pid, job_id, 1, True),
                    ]

    asyncio.run(run())


def test_schedule_goes_on_when_the_worker_is_killed_in_its_call(redis: RunningRedis, tmp_path: Path) -> None:
    """Chain of next runs: it hangs on no worker."""
    file = tmp_path / "calls"

    async def run() -> None:
        async with open_queue(redis) as queue:
            await queue.upsert(*first(owner("* * * * * *")))
            with _process(redis, file, 30, concurrency=1) as killed:
                await eventually(lambda: bool(_lines(file)), within_s=20)
                killed.kill()
            with _process(redis, file, 0):
                await eventually(lambda: len({line[2] for line in _lines(file)}) >= 3, within_s=20)
            assert [one.broken for one in await queue.schedules()] == [False]

    asyncio.run(run())
