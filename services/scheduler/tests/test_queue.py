"""SC-02, SC-06, SC-11: schedules and jobs on BullMQ, as the API and the pages use them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping

import pytest
from redis import Redis

from scheduler.errors import JobActionError, StoreUnavailableError
from scheduler.queueing.bullmq_queue import BullMqQueue
from scheduler.queueing.job import Action, Call, JobState, Progress
from scheduler.queueing.queue import FinalFailure
from scheduler.tests.queue_pieces import YEARLY, Calls, eventually, first, open_queue, owner, running_worker
from scheduler.tests.running_redis import RunningRedis, running_redis


@pytest.fixture
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


async def _until(queue: BullMqQueue, true: Callable[[Mapping[JobState, int]], bool]) -> None:
    async with asyncio.timeout(10):
        while not true(await queue.counts()):
            await asyncio.sleep(0.01)


async def _until_state(queue: BullMqQueue, job_id: str, state: JobState) -> None:
    async with asyncio.timeout(10):
        while (job := await queue.job(job_id)) is None or job.state is not state:
            await asyncio.sleep(0.01)


async def _until_beat(queue: BullMqQueue) -> None:
    async with asyncio.timeout(10):
        while not await queue.workers():
            await asyncio.sleep(0.01)


def _refuse(_call: Call, _progress: Progress) -> dict[str, object]:
    raise FinalFailure("404 Not Found")


def test_one_next_job_is_made_when_three_clients_upsert_sixty_times(redis: RunningRedis) -> None:
    """SC-06: N API replicas make one job per trigger and tick."""

    async def run() -> None:
        triggers = owner(YEARLY)
        async with open_queue(redis) as a, open_queue(redis) as b, open_queue(redis) as c:
            made = await asyncio.gather(
                *(q.upsert(triggers, triggers.triggers[0]) for q in (a, b, c) for _ in range(20))
            )
            assert len(set(made)) == 1
            assert [one.key for one in await a.schedules()] == ["acme:dev:0"]
            assert (await a.counts())[JobState.DELAYED] == 1

    asyncio.run(run())


def test_schedule_is_changed_in_place_when_its_trigger_changed(redis: RunningRedis) -> None:
    async def run() -> None:
        async with open_queue(redis) as queue:
            await queue.upsert(*first(owner(YEARLY)))
            changed = owner("0 12 1 6 *", revision=2, tz="Europe/Berlin")
            made = await queue.upsert(*first(changed))
            assert list(await queue.schedules()) == list(await queue.schedules_of(["acme:dev:0", "gone"])) == [made]
            [job] = await queue.jobs(JobState.DELAYED)
            assert (job.id, job.call.revision, job.due_ms) == (f"repeat:acme:dev:0:{made.next_ms}", 2, made.next_ms)

    asyncio.run(run())


def test_six_fields_begin_with_seconds_and_time_zones_are_kept(redis: RunningRedis) -> None:
    """SC-03: 30 minutes past noon in New York is 16:30 or 17:30 UTC."""

    async def run() -> None:
        async with open_queue(redis) as queue:
            made = await queue.upsert(*first(owner("15 30 12 * * *", tz="America/New_York")))
            assert made.next_ms is not None
            day_s = made.next_ms // 1000 % 86400
            assert day_s in (16 * 3600 + 30 * 60 + 15, 17 * 3600 + 30 * 60 + 15)

    asyncio.run(run())


def test_job_holds_no_address_header_or_body(redis: RunningRedis) -> None:
    """Original: header values, tokens among them, lay in the jobs and were shown by their page."""

    async def run() -> None:
        async with open_queue(redis) as queue:
            await queue.upsert(*first(owner(YEARLY)))
            await queue.run_now(*first(owner(YEARLY)))

    asyncio.run(run())
    with Redis.from_url(redis.url, decode_responses=True) as client:
        jobs = [client.hget(key, "data") for key in client.keys("scheduler:triggers:*acme:dev:0*")]
    held = {"workspace_id": "acme", "environment": "dev", "index": 0, "revision": 1}
    assert [json.loads(str(data)) for data in jobs] == [held] * 3


def test_removed_schedule_takes_its_next_job_along(redis: RunningRedis) -> None:
    async def run() -> None:
        async with open_queue(redis) as queue:
            await queue.upsert(*first(owner(YEARLY)))
            assert await queue.remove("acme:dev:0") is True
            assert await queue.remove("acme:dev:0") is False
            assert await queue.schedules() == []
            assert set((await queue.counts()).values()) == {0}

    asyncio.run(run())


def test_run_now_runs_beside_the_schedule_and_each_time_under_another_id(redis: RunningRedis) -> None:
    """SC-02: run now."""

    async def run() -> None:
        calls = Calls()
        async with open_queue(redis) as queue, running_worker(redis, calls):
            await queue.upsert(*first(owner(YEARLY)))
            ids = [await queue.run_now(*first(owner(YEARLY))) for _ in range(2)]
            await eventually(lambda: len(calls.seen) == 2)
            assert sorted(calls.ids) == sorted(ids)
            assert {call.due_ms for _, call, _ in calls.seen} == {None}
            assert (await queue.counts())[JobState.DELAYED] == 1

    asyncio.run(run())


def test_nothing_runs_while_the_queue_is_paused(redis: RunningRedis) -> None:
    """SC-11: pause and resume."""

    async def run() -> None:
        calls = Calls()
        async with open_queue(redis) as queue, running_worker(redis, calls):
            await queue.pause()
            await queue.run_now(*first(owner(YEARLY)))
            await asyncio.sleep(0.4)
            assert await queue.is_paused()
            assert calls.seen == []
            assert (await queue.counts())[JobState.WAITING] == 1
            await queue.resume()
            await eventually(lambda: len(calls.seen) == 1)
            assert not await queue.is_paused()

    asyncio.run(run())


def test_failed_job_runs_again_when_it_is_retried(redis: RunningRedis) -> None:
    """SC-11: retry; the same id, and so the same Idempotency-Key, but attempts from the beginning."""

    async def run() -> None:
        calls = Calls(_refuse)
        async with open_queue(redis) as queue, running_worker(redis, calls):
            job_id = await queue.run_now(*first(owner(YEARLY)))
            await eventually(lambda: len(calls.seen) == 1)
            await _until_state(queue, job_id, JobState.FAILED)
            job = await queue.job(job_id)
            assert job is not None
            assert (job.failed_reason, job.attempts_made) == ("404 Not Found", 1)
            await queue.act(Action.RETRY, job_id)
            await eventually(lambda: len(calls.seen) == 2)
            assert [(call.job_id, progress.attempt) for _, call, progress in calls.seen] == [(job_id, 1)] * 2

    asyncio.run(run())


def test_delayed_job_runs_at_once_when_it_is_promoted_and_its_schedule_goes_on(redis: RunningRedis) -> None:
    """SC-11: promote."""

    async def run() -> None:
        calls = Calls()
        async with open_queue(redis) as queue, running_worker(redis, calls):
            made = await queue.upsert(*first(owner(YEARLY)))
            job_id = f"repeat:{made.key}:{made.next_ms}"
            await queue.act(Action.PROMOTE, job_id)
            await eventually(lambda: calls.ids == [job_id])
            await _until_state(queue, job_id, JobState.COMPLETED)
            [following] = await queue.schedules()
            assert following.next_ms is not None
            assert made.next_ms is not None
            assert following.next_ms > made.next_ms

    asyncio.run(run())


def test_action_is_refused_in_words_when_the_state_does_not_allow_it(redis: RunningRedis) -> None:
    async def run() -> None:
        async with open_queue(redis) as queue:
            made = await queue.upsert(*first(owner(YEARLY)))
            job_id = f"repeat:{made.key}:{made.next_ms}"
            for action in Action:
                with pytest.raises(JobActionError, match="there is no job"):
                    await queue.act(action, "repeat:other")
            with pytest.raises(JobActionError, match="next run of a schedule"):
                await queue.act(Action.REMOVE, job_id)
            with pytest.raises(JobActionError, match="is delayed: only completed and failed"):
                await queue.act(Action.RETRY, job_id)
            waiting = await queue.run_now(*first(owner(YEARLY)))
            with pytest.raises(JobActionError, match="is not delayed"):
                await queue.act(Action.PROMOTE, waiting)
            await queue.act(Action.REMOVE, waiting)
            assert await queue.job(waiting) is None
            with pytest.raises(JobActionError, match="cannot be cleaned"):
                await queue.clean(JobState.WAITING)

    asyncio.run(run())


def test_running_job_is_not_removed(redis: RunningRedis) -> None:
    async def run() -> None:
        end = asyncio.Event()

        async def waits(_call: Call, _progress: Progress) -> dict[str, object]:
            await end.wait()
            return {}

        async with open_queue(redis) as queue, running_worker(redis, waits) as worker:
            job_id = await queue.run_now(*first(owner(YEARLY)))
            await eventually(lambda: worker.running == 1)
            with pytest.raises(JobActionError, match="runs"):
                await queue.act(Action.REMOVE, job_id)
            end.set()

    asyncio.run(run())


def test_hundred_completed_and_thousand_failed_jobs_are_kept(redis: RunningRedis) -> None:
    """Queue retention: after 150 successes 100 remain, after 1,100 failures 1,000; the newest ones."""

    async def run() -> None:
        def some_fail(call: Call, progress: Progress) -> dict[str, object]:
            return _refuse(call, progress) if call.environment == "prod" else {}

        calls = Calls(some_fail)
        good, bad = owner(YEARLY), owner(YEARLY, environment="prod")
        async with open_queue(redis) as queue, running_worker(redis, calls, concurrency=50, calls_per_second=1e6):
            for triggers, count in ((good, 150), (bad, 1100)):
                await asyncio.gather(*(queue.run_now(*first(triggers)) for _ in range(count)))
            await eventually(lambda: len(calls.seen) == 1250, within_s=25)
            await _until(queue, lambda counts: counts[JobState.ACTIVE] == 0)
            counts = await queue.counts()
            assert (counts[JobState.COMPLETED], counts[JobState.FAILED]) == (100, 1000)
            newest = await queue.jobs(JobState.FAILED, count=3)
            oldest = await queue.jobs(JobState.FAILED, start=997, count=10)
            assert len(oldest) == 3
            assert (newest[0].finished_ms or 0) >= (oldest[-1].finished_ms or 0)
            assert await queue.clean(JobState.FAILED) == 1000
            assert await queue.jobs(JobState.FAILED) == []

    asyncio.run(run())


def test_schedule_without_its_next_job_is_called_broken(redis: RunningRedis) -> None:
    async def run() -> None:
        async with open_queue(redis) as queue:
            for placed in owner(YEARLY, YEARLY).triggers:
                made = await queue.upsert(owner(YEARLY, YEARLY), placed)
            with Redis.from_url(redis.url) as client:
                client.zrem("scheduler:triggers:delayed", f"repeat:{made.key}:{made.next_ms}")
            assert {one.key: one.broken for one in await queue.schedules()} == {"acme:dev:0": False, "acme:dev:1": True}

    asyncio.run(run())


def test_schedule_goes_on_after_the_tick_that_a_clock_ahead_of_ours_has_run(redis: RunningRedis) -> None:
    """BullMQ refuses to make a job that was there: the next tick after it is taken."""

    async def run() -> None:
        async with open_queue(redis) as queue:
            made = await queue.upsert(*first(owner(YEARLY)))
            assert made.next_ms is not None
            with Redis.from_url(redis.url) as client:
                client.zrem("scheduler:triggers:delayed", f"repeat:{made.key}:{made.next_ms}")
                client.zadd("scheduler:triggers:completed", {f"repeat:{made.key}:{made.next_ms}": 1})
            again = await queue.upsert(*first(owner(YEARLY, revision=2)))
            assert again.next_ms is not None
            assert 365 <= (again.next_ms - made.next_ms) / 86_400_000 <= 366

    asyncio.run(run())


def test_queue_says_that_redis_is_away_and_works_again_when_it_is_back() -> None:
    async def run() -> None:
        with running_redis(append_only=True) as server:
            async with open_queue(server) as queue:
                await queue.upsert(*first(owner(YEARLY)))
                server.kill()
                with pytest.raises(StoreUnavailableError, match="nothing answers there"):
                    await queue.upsert(*first(owner(YEARLY)))
                with pytest.raises(StoreUnavailableError):
                    await queue.schedules()
                server.start()
                assert len(await queue.schedules()) == 1

    asyncio.run(run())


def test_queue_and_worker_speak_tls_with_an_authority_of_their_own() -> None:
    """SC-13: rediss:// with a CA file and a password."""

    async def run() -> None:
        with running_redis(tls=True, password=True) as server:
            calls = Calls()
            async with open_queue(server) as queue, running_worker(server, calls):
                await queue.run_now(*first(owner(YEARLY)))
                await eventually(lambda: len(calls.seen) == 1)

    asyncio.run(run())


def test_workers_are_seen_while_they_beat_and_not_after_they_ended(redis: RunningRedis) -> None:
    """SC-12. Original: the API imported the worker as well, so three workers ran where one was said to."""

    async def run() -> None:
        async with open_queue(redis) as queue:
            await queue.upsert(*first(owner("* * * * * *")))
            await asyncio.sleep(1.2)
            assert await queue.workers() == [], "a queue is no worker"
            assert (await queue.counts())[JobState.COMPLETED] == 0
            async with running_worker(redis, Calls()) as worker:
                await _until_beat(queue)
                [beat] = await queue.workers()
                assert (beat.worker_id, beat.concurrency, beat.pending_records) == (worker.id, 10, 0)
            assert await queue.workers() == []

    asyncio.run(run())
