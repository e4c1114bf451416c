"""SC-06, SC-07: Redis goes away, and jobs are lost and found: no call is made twice, none is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from redis import Redis

from scheduler.queueing.job import Call, JobState, Progress
from scheduler.tests.queue_pieces import (
    YEARLY,
    Calls,
    ended,
    eventually,
    first,
    open_queue,
    owner,
    running_worker,
)
from scheduler.tests.running_redis import RunningRedis, running_redis

_SERVICES = Path(__file__).parents[2]


@pytest.fixture
def redis() -> Iterator[RunningRedis]:
    with running_redis(append_only=True) as server:
        yield server


def test_call_that_ended_while_redis_was_away_is_not_made_again(redis: RunningRedis) -> None:
    """SC-06: its lock ran out and other workers look for jobs of dead ones; yet what came of it is kept first."""

    async def run() -> None:
        calls = Calls()

        async def slow(call: Call, progress: Progress) -> Mapping[str, object]:
            await calls(call, progress)
            await asyncio.sleep(1.0)
            return {"status": "success"}

        async with (
            open_queue(redis) as queue,
            running_worker(redis, slow, lock_s=1.0, stalled_s=0.3),
            running_worker(redis, slow, lock_s=1.0, stalled_s=0.3),
        ):
            ids = [await queue.run_now(*first(owner(YEARLY))) for _ in range(4)]
            await eventually(lambda: len(calls.seen) == 4)
            redis.kill()
            await asyncio.sleep(2.5)
            redis.start()
            jobs = [await ended(queue, job_id) for job_id in ids]
            assert {job.state for job in jobs} == {JobState.COMPLETED}
            assert sorted(calls.ids) == sorted(ids)

    asyncio.run(run())


def test_work_goes_on_within_seconds_when_redis_is_back(redis: RunningRedis) -> None:
    async def run() -> None:
        calls = Calls()
        async with open_queue(redis) as queue, running_worker(redis, calls) as worker:
            await queue.upsert(*first(owner("* * * * * *")))
            await eventually(lambda: len(calls.seen) >= 1)
            redis.kill()
            await eventually(lambda: not worker.connected)
            await asyncio.sleep(1.5)
            before = len(calls.seen)
            redis.start()
            await eventually(lambda: len(calls.seen) > before + 1, within_s=12)
            assert len(calls.ids) == len(set(calls.ids))

    asyncio.run(run())


def test_worker_waits_for_redis_when_it_starts_first(redis: RunningRedis) -> None:
    async def run() -> None:
        redis.kill()
        calls = Calls()
        async with running_worker(redis, calls):
            await asyncio.sleep(0.3)
            redis.start()
            async with open_queue(redis) as queue:
                await queue.run_now(*first(owner(YEARLY)))
                await eventually(lambda: len(calls.seen) == 1)

    asyncio.run(run())


def test_outcome_is_found_by_the_worker_that_got_the_job_meanwhile(redis: RunningRedis) -> None:
    """A job that was lost while its call ran is ended with what came of the call, and not called again."""

    async def run() -> None:
        calls = Calls()
        go_on = asyncio.Event()

        async def held(call: Call, progress: Progress) -> Mapping[str, object]:
            await calls(call, progress)
            await go_on.wait()
            return {"status": "success", "by": "the first"}

        async with open_queue(redis) as queue, running_worker(redis, held):
            job_id = await queue.run_now(*first(owner(YEARLY)))
            await eventually(lambda: len(calls.seen) == 1)
            await queue.pause()
            _move_as_if_stalled(redis, job_id)
            go_on.set()
            await eventually(lambda: _outcome_kept(redis, job_id))
            await queue.resume()
            job = await ended(queue, job_id)
            assert job.result == {"status": "success", "by": "the first"}
            assert len(calls.seen) == 1

    asyncio.run(run())


def _move_as_if_stalled(redis: RunningRedis, job_id: str) -> None:
    with Redis.from_url(redis.url) as client:
        client.delete(f"scheduler:triggers:{job_id}:lock")
        client.lrem("scheduler:triggers:active", 1, job_id)
        client.rpush("scheduler:triggers:wait", job_id)


def _outcome_kept(redis: RunningRedis, job_id: str) -> bool:
    with Redis.from_url(redis.url) as client:
        return bool(client.hexists(f"scheduler:triggers:{job_id}", "outcome"))


def test_job_that_is_another_workers_by_now_is_not_run(redis: RunningRedis) -> None:
    """The lock is looked at right before the call."""

    async def run() -> None:
        calls = Calls()
        async with open_queue(redis) as queue, running_worker(redis, calls) as worker:
            taken = worker._runs._claims.hold

            async def stolen(job_id: str, token: str) -> object:
                with Redis.from_url(redis.url) as client:
                    client.set(f"scheduler:triggers:{job_id}:lock", "another")
                return await taken(job_id, token)

            worker._runs._claims.hold = stolen  # type: ignore[assignment,method-assign]
            await queue.run_now(*first(owner(YEARLY)))
            await asyncio.sleep(0.5)
            assert calls.seen == []
            assert (await queue.counts())[JobState.ACTIVE] == 1

    asyncio.run(run())
