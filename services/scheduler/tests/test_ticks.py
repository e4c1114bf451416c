"""Runs are scheduled at the ticks that the API names."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import bullmq
import pytest

from scheduler.queueing.ticks import keep_our_ticks
from scheduler.tests.queue_pieces import PREFIX, QUEUE, open_queue, owner
from scheduler.tests.running_redis import running_redis
from scheduler.triggers.cron import next_run

_AUTUMN = datetime(2026, 10, 25, 0, 55, tzinfo=UTC)


def test_schedule_is_due_at_the_tick_that_the_api_names() -> None:
    """SC-03: over a real Redis."""

    async def next_ms() -> int | None:
        with running_redis() as redis:
            async with open_queue(redis) as queue:
                one = owner("0 0 1,30 * *", tz="Europe/Berlin")
                return (await queue.upsert(one, one.triggers[0])).next_ms

    expected = next_run("0 0 1,30 * *", "Europe/Berlin", datetime.now(UTC))
    assert asyncio.run(next_ms()) == expected.timestamp() * 1000


@pytest.mark.parametrize("kind", ["as-bullmq-is", "ours"])
def test_every_ten_minutes_in_the_hour_that_comes_twice(kind: str) -> None:
    """SC-03: BullMQ by itself leaves the second 02:00 to 03:00 out; this is measured, so that its repair is seen."""

    async def strategy() -> int:
        with running_redis() as redis:
            client = redis.address.connect()
            queue = bullmq.Queue(QUEUE, {"connection": client, "prefix": PREFIX})
            if kind == "ours":
                keep_our_ticks(queue)
            repeat = {"pattern": "*/10 * * * *", "tz": "Europe/Berlin"}
            found: int = queue.jobScheduler.repeat_strategy(int(_AUTUMN.timestamp() * 1000), repeat)
            await queue.close()
            return found

    minutes = (asyncio.run(strategy()) / 1000 - _AUTUMN.timestamp()) / 60
    assert minutes == {"as-bullmq-is": 65, "ours": 5}[kind]
