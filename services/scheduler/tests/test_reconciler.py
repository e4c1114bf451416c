"""SC-08: the reconciler puts each fault right, counts it, and leaves alone what is well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import bullmq
import pytest
from redis import Redis

from scheduler.queueing.bullmq_queue import BullMqQueue
from scheduler.queueing.job import JobState
from scheduler.reconciling.reconciler import REPAIRS, Reconciler
from scheduler.tests.queue_pieces import YEARLY, Calls, eventually, open_queue, owner, running_worker
from scheduler.tests.running_redis import RunningRedis, running_redis
from scheduler.triggers.redis_store import RedisTriggerStore
from scheduler.triggers.settling import Fault
from scheduler.triggers.trigger import Trigger
from scheduler.triggers.triggers import Triggers

_URL = "https://app.example/run"


@pytest.fixture
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


@dataclass
class _Parts:
    redis: RunningRedis
    queue: BullMqQueue
    store: RedisTriggerStore
    triggers: Triggers
    reconciler: Reconciler

    async def snapshot(self) -> object:
        return sorted(await self.queue.schedules(), key=lambda one: one.key), await self.queue.counts()


@asynccontextmanager
async def _parts(redis: RunningRedis, *, every_s: float = 60) -> AsyncIterator[_Parts]:
    store = RedisTriggerStore(redis.address, prefix="scheduler")
    async with open_queue(redis) as queue:
        reconciler = Reconciler(store, queue, redis.address, prefix="scheduler", every_s=every_s)
        yield _Parts(redis, queue, store, Triggers(store, queue, most=100), reconciler)
        await reconciler.close()
    await store.close()


def _run(redis: RunningRedis, test: Callable[[_Parts], Awaitable[None]]) -> None:
    async def run() -> None:
        async with _parts(redis) as parts:
            await parts.triggers.replace("acme", "dev", [Trigger(YEARLY, f"{_URL}/{index}") for index in range(3)])
            await parts.triggers.replace("acme", "prod", [Trigger(YEARLY, _URL, enabled=False)])
            await test(parts)

    asyncio.run(run())


async def _missing(parts: _Parts) -> None:
    await parts.queue.remove("acme:dev:1")


async def _orphan(parts: _Parts) -> None:
    left_over = owner(YEARLY, workspace="gone")
    await parts.queue.upsert(left_over, left_over.triggers[0])


async def _paused_but_scheduled(parts: _Parts) -> None:
    paused = await parts.store.get("acme", "prod")
    assert paused is not None
    await parts.queue.upsert(paused, paused.triggers[0])


async def _of_another_program(parts: _Parts) -> None:
    queue = bullmq.Queue("triggers", {"connection": parts.redis.url, "prefix": "scheduler"})
    await queue.upsertJobScheduler("someone:else", {"pattern": YEARLY}, "x", {"workspace_id": "acme"})
    await queue.close()


async def _changed_cron(parts: _Parts) -> None:
    older = owner("0 5 1 1 *", "0 5 1 1 *", revision=1)
    await parts.queue.upsert(older, older.triggers[1])


async def _damaged(parts: _Parts) -> None:
    with Redis.from_url(parts.redis.url) as client:
        client.delete("scheduler:triggers:repeat:acme:dev:2")


async def _unreadable(parts: _Parts) -> None:
    with Redis.from_url(parts.redis.url) as client:
        client.hset("scheduler:triggers:repeat:acme:dev:2", "data", "{")


async def _broken_chain(parts: _Parts) -> None:
    [one] = await parts.queue.schedules_of(["acme:dev:0"])
    with Redis.from_url(parts.redis.url) as client:
        client.zrem("scheduler:triggers:delayed", f"repeat:acme:dev:0:{one.next_ms}")
        client.delete(f"scheduler:triggers:repeat:acme:dev:0:{one.next_ms}")


async def _next_run_in_the_past(parts: _Parts) -> None:
    await _broken_chain(parts)
    with Redis.from_url(parts.redis.url) as client:
        client.zadd("scheduler:triggers:repeat", {"acme:dev:0": 1_700_000_000_000})


@pytest.mark.parametrize(
    ("fault", "do"),
    [
        (Fault.MISSING, _missing),
        (Fault.ORPHAN, _orphan),
        (Fault.ORPHAN, _paused_but_scheduled),
        (Fault.ORPHAN, _of_another_program),
        (Fault.CHANGED, _changed_cron),
        (Fault.CHANGED, _damaged),
        (Fault.CHANGED, _unreadable),
        (Fault.BROKEN, _broken_chain),
        (Fault.BROKEN, _next_run_in_the_past),
    ],
)
def test_fault_is_put_right_and_counted(
    redis: RunningRedis, fault: Fault, do: Callable[[_Parts], Awaitable[None]]
) -> None:
    """Trouble jobs not running: a next run in the past is a broken chain, and is repaired."""

    async def test(parts: _Parts) -> None:
        well = await parts.snapshot()
        counted = REPAIRS.labels(fault.value)._value.get()
        await do(parts)
        assert await parts.snapshot() != well
        assert await parts.reconciler.reconcile() == {fault: 1}
        assert await parts.snapshot() == well
        assert await parts.reconciler.reconcile() == {}
        assert (await parts.reconciler.totals())[fault] == 1
        assert REPAIRS.labels(fault.value)._value.get() == counted + 1

    _run(redis, test)


def test_schedule_runs_again_when_its_chain_was_repaired(redis: RunningRedis) -> None:
    async def run() -> None:
        calls = Calls()
        async with _parts(redis) as parts, running_worker(redis, calls):
            await parts.triggers.replace("acme", "dev", [Trigger("* * * * * *", _URL)])
            await eventually(lambda: bool(calls.seen))
            await _broken_chain(parts)
            await asyncio.sleep(1.5)
            before = len(calls.seen)
            assert await parts.reconciler.reconcile() == {Fault.BROKEN: 1}
            await eventually(lambda: len(calls.seen) >= before + 2)

    asyncio.run(run())


def test_nothing_is_repaired_while_ticks_run_and_workers_are_away(redis: RunningRedis) -> None:
    """What waits is late, not broken: a repair would drop the late run."""

    async def run() -> None:
        async with _parts(redis) as parts:
            await parts.triggers.replace("acme", "dev", [Trigger("* * * * * *", _URL)] * 20)
            async with running_worker(redis, Calls()):
                for _ in range(15):
                    assert await parts.reconciler.reconcile() == {}
                    await asyncio.sleep(0.1)
            await asyncio.sleep(1.2)
            assert await parts.reconciler.reconcile() == {}
            counts = await parts.queue.counts()
            assert counts[JobState.DELAYED] + counts[JobState.WAITING] == 20

    asyncio.run(run())


def test_one_replica_at_a_time_compares(redis: RunningRedis) -> None:
    async def run() -> None:
        async with _parts(redis) as a, _parts(redis) as b:
            turns = [await one.reconciler._is_my_turn() for one in (a, b, a, b)]
            assert turns == [True, False, False, False]

    asyncio.run(run())


def test_reconciler_goes_on_when_redis_was_away() -> None:
    async def run() -> None:
        with running_redis(append_only=True) as server:
            async with _parts(server, every_s=0.2) as parts:
                await parts.triggers.replace("acme", "dev", [Trigger(YEARLY, _URL)])
                running = asyncio.create_task(parts.reconciler.run())
                server.kill()
                await asyncio.sleep(0.5)
                assert not running.done()
                server.start()
                await parts.queue.remove("acme:dev:0")
                async with asyncio.timeout(10):
                    while not await parts.queue.schedules():
                        await asyncio.sleep(0.05)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())


def test_reconciler_goes_on_after_an_error_of_its_own(redis: RunningRedis, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with _parts(redis, every_s=0.05) as parts:
            await parts.triggers.replace("acme", "dev", [Trigger(YEARLY, _URL)])
            with Redis.from_url(redis.url) as client:
                client.sadd("scheduler:sets", "no place")
                running = asyncio.create_task(parts.reconciler.run())
                await eventually(lambda: "schedules were not compared" in caplog.text)
                client.srem("scheduler:sets", "no place")
            await parts.queue.remove("acme:dev:0")
            async with asyncio.timeout(10):
                while not await parts.queue.schedules():
                    await asyncio.sleep(0.02)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())
