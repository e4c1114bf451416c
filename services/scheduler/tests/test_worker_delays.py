"""Delays longer than a socket time-out of redis-py: the trap that tests of seconds do not see."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.queueing.job import Call, Progress
from scheduler.queueing.queue import RetryCall
from scheduler.tests.queue_pieces import (
    YEARLY,
    Calls,
    eventually,
    first,
    open_queue,
    owner,
    running_worker,
    waits,
)
from scheduler.tests.running_redis import RunningRedis, running_redis

_SERVICES = Path(__file__).parents[2]


@pytest.fixture
def redis() -> Iterator[RunningRedis]:
    with running_redis(append_only=True) as server:
        yield server


def test_delay_of_fifteen_seconds_fires(redis: RunningRedis) -> None:
    """Original: tests of seconds hid that a socket time-out of 5 s cut off waits of 10 s: minute crons never ran."""
    _delay_fires(redis, 15)


@pytest.mark.soak
def test_delay_of_seventy_seconds_fires(redis: RunningRedis) -> None:
    """The same over several waits of BullMQ."""
    _delay_fires(redis, 70)


def _delay_fires(redis: RunningRedis, delay_s: float) -> None:
    def late(_call: Call, progress: Progress) -> dict[str, object]:
        if progress.attempt == 1:
            raise RetryCall("429", after_s=delay_s)
        return {}

    async def run() -> None:
        calls = Calls(late)
        async with open_queue(redis) as queue, running_worker(redis, calls):
            await queue.run_now(*first(owner(YEARLY)))
            await eventually(lambda: len(calls.seen) == 2, within_s=delay_s + 5)
            assert 0 <= waits(calls)[0] - delay_s < 1

    asyncio.run(run())
