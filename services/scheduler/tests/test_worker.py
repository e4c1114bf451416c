"""SC-04, SC-06, SC-07: what a worker keeps of jobs when calls fail, workers die and Redis goes away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping

import pytest

from scheduler.calls.caller import Caller
from scheduler.queueing.job import Call, JobState, Progress
from scheduler.queueing.queue import FinalFailure, NotNow, RetryCall
from scheduler.queueing.token_bucket import TokenBucket
from scheduler.tests.call_cases import local_settings
from scheduler.tests.queue_pieces import (
    YEARLY,
    Calls,
    ended,
    eventually,
    first,
    open_queue,
    owner,
    running_worker,
    waits,
)
from scheduler.tests.running_redis import RunningRedis, running_redis
from scheduler.tests.running_target import Reply, running_target
from scheduler.triggers.trigger import Trigger


@pytest.fixture
def redis() -> Iterator[RunningRedis]:
    with running_redis(append_only=True) as server:
        yield server


def test_attempts_wait_twice_as_long_each_time_and_end_after_the_last(redis: RunningRedis) -> None:
    """SC-04: 3 attempts; waits of 2 s and 4 s in the ratio that they have here."""

    def again(_call: Call, progress: Progress) -> dict[str, object]:
        raise RetryCall(f"503 at attempt {progress.attempt}")

    async def run() -> None:
        calls = Calls(again)
        async with open_queue(redis) as queue, running_worker(redis, calls, backoff_s=0.3):
            job = await ended(queue, await queue.run_now(*first(owner(YEARLY))))
            assert job.state is JobState.FAILED
            assert (job.failed_reason, job.attempts_made) == ("503 at attempt 3", 3)
            assert [progress.attempt for _, _, progress in calls.seen] == [1, 2, 3]
            assert {progress.attempts for _, _, progress in calls.seen} == {3}
            assert len(set(calls.ids)) == 1
            before_second, before_third = waits(calls)
            assert 0.3 <= before_second < 0.6 <= before_third < 1.2

    asyncio.run(run())


def test_wait_is_the_one_that_the_target_asked_for(redis: RunningRedis) -> None:
    """SC-04: Retry-After."""

    def once_more(_call: Call, progress: Progress) -> dict[str, object]:
        if progress.attempt == 1:
            raise RetryCall("429", after_s=1.2)
        return {"status": "success"}

    async def run() -> None:
        calls = Calls(once_more)
        async with open_queue(redis) as queue, running_worker(redis, calls, backoff_s=0.05):
            job = await ended(queue, await queue.run_now(*first(owner(YEARLY))))
            assert (job.state, job.attempts_made) == (JobState.COMPLETED, 2)
            assert job.result == {"status": "success"}
            assert 1.2 <= waits(calls)[0] < 2

    asyncio.run(run())


def test_final_failure_is_not_tried_again_and_our_own_error_tells_no_internals(redis: RunningRedis) -> None:
    def fails(call: Call, _progress: Progress) -> dict[str, object]:
        if call.environment == "dev":
            raise FinalFailure("404 Not Found")
        raise KeyError("internal detail")

    async def run() -> None:
        calls = Calls(fails)
        async with open_queue(redis) as queue, running_worker(redis, calls):
            refused = await ended(queue, await queue.run_now(*first(owner(YEARLY))))
            broken = await ended(queue, await queue.run_now(*first(owner(YEARLY, environment="stg"))))
            assert (refused.failed_reason, broken.failed_reason) == (
                "404 Not Found",
                "an error of the scheduler: KeyError",
            )
            assert len(calls.seen) == 2

    asyncio.run(run())


def test_each_tick_runs_once_with_three_workers(redis: RunningRedis) -> None:
    """SC-06: exactly one job per trigger and tick with M workers."""

    async def run() -> None:
        calls = Calls()
        triggers = owner(*["* * * * * *"] * 5)
        async with open_queue(redis) as queue:
            for placed in triggers.triggers:
                await queue.upsert(triggers, placed)
            async with running_worker(redis, calls), running_worker(redis, calls), running_worker(redis, calls):
                await asyncio.sleep(3.3)
        assert len(calls.ids) == len(set(calls.ids)) >= 10
        for key in range(5):
            ticks = sorted(call.due_ms or 0 for _, call, _ in calls.seen if call.index == key)
            assert ticks == list(range(ticks[0], ticks[-1] + 1, 1000)), "no tick is left out"

    asyncio.run(run())


def test_one_late_run_and_then_the_schedule_when_no_worker_was_there(redis: RunningRedis) -> None:
    """SC-06: what was missed is run once, late (coalesce)."""

    async def run() -> None:
        calls = Calls()
        async with open_queue(redis) as queue:
            await queue.upsert(*first(owner("* * * * * *")))
            await asyncio.sleep(3.5)
            async with running_worker(redis, calls):
                await eventually(lambda: len(calls.seen) == 3)
        by_tick = sorted(calls.seen, key=lambda seen: seen[1].due_ms or 0)
        lateness = [at - (call.due_ms or 0) / 1000 for at, call, _ in by_tick]
        assert lateness[0] > 2
        assert max(lateness[1:]) < 1

    asyncio.run(run())


def test_calls_begin_no_faster_than_the_limit_and_only_then_are_taken(redis: RunningRedis) -> None:
    """The worker's own token bucket: jobs that cannot begin yet stay for other workers."""

    async def run() -> None:
        calls = Calls()
        async with open_queue(redis) as queue, running_worker(redis, calls, calls_per_second=20, concurrency=50):
            began = time.monotonic()
            await asyncio.gather(*(queue.run_now(*first(owner(YEARLY))) for _ in range(50)))
            await asyncio.sleep(0.5)
            counts = await queue.counts()
            most = 20 * (time.monotonic() - began) + 5
            assert counts[JobState.ACTIVE] + counts[JobState.COMPLETED] <= most
            assert counts[JobState.WAITING] >= 50 - most
            await eventually(lambda: len(calls.seen) == 50)
        assert calls.seen[-1][0] - calls.seen[0][0] >= 2.2

    asyncio.run(run())


def test_bucket_gives_back_what_was_not_used() -> None:
    async def run() -> None:
        now = 0.0
        bucket = TokenBucket(5, clock=lambda: now)
        for _ in range(20):
            await bucket.take()
            bucket.give_back()
        began = time.perf_counter()
        await bucket.take()
        assert time.perf_counter() - began < 0.1
        await bucket.take()
        assert 0.19 < time.perf_counter() - began < 0.5

    asyncio.run(run())


def test_worker_ends_its_calls_when_it_is_told_to_stop(redis: RunningRedis) -> None:
    async def run() -> None:
        ended: list[str] = []

        async def slow(call: Call, _progress: Progress) -> Mapping[str, object]:
            await asyncio.sleep(0.5)
            ended.append(call.job_id)
            return {}

        async with open_queue(redis) as queue:
            async with running_worker(redis, slow) as worker:
                ids = [await queue.run_now(*first(owner(YEARLY))) for _ in range(3)]
                await eventually(lambda: worker.running == 3)
            assert sorted(ended) == sorted(ids)
            assert (await queue.counts())[JobState.COMPLETED] == 3

    asyncio.run(run())


def test_worker_takes_no_job_while_it_is_held_back(redis: RunningRedis) -> None:
    async def run() -> None:
        calls = Calls()
        async with open_queue(redis) as queue, running_worker(redis, calls) as worker:
            worker.hold_back()
            await asyncio.sleep(0.1)
            await queue.run_now(*first(owner(YEARLY)))
            await queue.run_now(*first(owner(YEARLY)))
            await asyncio.sleep(0.4)
            assert len(calls.seen) <= 1, "at most the one that was being taken"
            worker.go_on()
            await eventually(lambda: len(calls.seen) == 2)

    asyncio.run(run())


def test_busy_workspace_takes_no_place_from_others(redis: RunningRedis) -> None:
    """SC-04: calls of one workspace to a slow target fill its own turns, not the worker."""
    began: dict[str, float] = {}

    async def run() -> float:
        with running_target() as target:
            trigger = Trigger(YEARLY, target.answer("/slow", Reply(delay_s=0.6)))
            async with Caller(local_settings(workspace_concurrency=2, concurrency=4)) as caller:

                async def handler(call: Call, progress: Progress) -> Mapping[str, object]:
                    answer = await caller.call(trigger, call, progress)
                    began[call.job_id] = time.monotonic() - answer.duration_ms / 1000
                    return {"status": "success"}

                async with open_queue(redis) as queue, running_worker(redis, handler, concurrency=4) as worker:
                    many = [await queue.run_now(*first(owner(YEARLY))) for _ in range(7)]
                    await eventually(lambda: worker.running == 2)
                    asked = time.monotonic()
                    other = await queue.run_now(*first(owner(YEARLY, workspace="globex")))
                    jobs = [await ended(queue, each) for each in (*many, other)]
                    assert [job.attempts_made for job in jobs] == [1] * 8
                    assert {job.state for job in jobs} == {JobState.COMPLETED}
            assert target.most_open == 3
            assert len(target.at("/slow")) == 8
            return began[other] - asked

    assert asyncio.run(run()) < 0.3


def test_job_that_is_given_back_uses_up_no_attempt(redis: RunningRedis) -> None:
    """SC-04: it was not begun."""

    def not_yet(_call: Call, _progress: Progress) -> dict[str, object]:
        if len(calls.seen) < 6:
            raise NotNow(after_s=0.05)
        return {"status": "success"}

    calls = Calls(not_yet)

    async def run() -> None:
        async with open_queue(redis) as queue, running_worker(redis, calls):
            job = await ended(queue, await queue.run_now(*first(owner(YEARLY))))
            assert (job.state, job.attempts_made) == (JobState.COMPLETED, 1)
            assert [progress.attempt for _, _, progress in calls.seen] == [1] * 6

    asyncio.run(run())
