"""SC-01, SC-02, SC-06: triggers of workspaces, and schedules that follow them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from scheduler.errors import StoreUnavailableError, TooManyTriggersError
from scheduler.queueing.bullmq_queue import BullMqQueue
from scheduler.queueing.job import Call, JobState
from scheduler.tests.queue_pieces import YEARLY, open_queue
from scheduler.tests.running_redis import RunningRedis, running_redis
from scheduler.triggers.current_trigger import CurrentTrigger
from scheduler.triggers.redis_store import RedisTriggerStore
from scheduler.triggers.trigger import Trigger
from scheduler.triggers.triggers import Triggers

_URL = "https://app.example/run"


@pytest.fixture
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


@dataclass
class _Service:
    triggers: Triggers
    store: RedisTriggerStore
    queue: BullMqQueue
    current: CurrentTrigger

    async def keys(self) -> list[str]:
        return sorted(one.key for one in await self.queue.schedules())


@asynccontextmanager
async def _service(redis: RunningRedis) -> AsyncIterator[_Service]:
    store = RedisTriggerStore(redis.address, prefix="scheduler")
    async with open_queue(redis) as queue:
        yield _Service(Triggers(store, queue, most=1000), store, queue, CurrentTrigger(store))
    await store.close()


def _run(redis: RunningRedis, test: Callable[[_Service], Awaitable[None]]) -> None:
    async def run() -> None:
        async with _service(redis) as service:
            await test(service)

    asyncio.run(run())


def _yearly(count: int, *, path: str = "") -> Sequence[Trigger]:
    return [Trigger(YEARLY, f"{_URL}{path}/{index}") for index in range(count)]


def test_set_is_replaced_with_its_schedules(redis: RunningRedis) -> None:
    async def test(service: _Service) -> None:
        first = await service.triggers.replace("acme", "dev", _yearly(3))
        assert (first.removed, first.added, first.pending) == (0, 3, False)
        assert [one.key for one in first.listed] == ["acme:dev:0", "acme:dev:1", "acme:dev:2"]
        assert len({one.next_ms for one in first.listed}) == 1
        second = await service.triggers.replace("acme", "dev", _yearly(1, path="/new"))
        assert (second.removed, second.added) == (3, 1)
        assert await service.keys() == ["acme:dev:0"]
        assert list(await service.triggers.list("acme")) == list(second.listed)

    _run(redis, test)


def test_workspaces_whose_ids_begin_alike_keep_their_schedules(redis: RunningRedis) -> None:
    """Original: deleting workspace `a` deleted the jobs of `abc` too, since their names include an a."""

    async def test(service: _Service) -> None:
        for workspace in ("a", "abc", "b-a"):
            await service.triggers.replace(workspace, "dev", _yearly(1))
        assert [one.key for one in await service.triggers.list("a")] == ["a:dev:0"]
        assert await service.triggers.delete("a") == 1
        assert await service.keys() == ["abc:dev:0", "b-a:dev:0"]

    _run(redis, test)


def test_run_that_is_due_stays_when_its_trigger_is_registered_again_unchanged(redis: RunningRedis) -> None:
    """Deployments register the same set again and again: no late run is dropped by that."""

    async def test(service: _Service) -> None:
        ticking = [Trigger("* * * * * *", _URL)]
        await service.triggers.replace("acme", "dev", ticking)
        await asyncio.sleep(1.1)
        before = await service.queue.jobs(JobState.DELAYED)
        await service.triggers.replace("acme", "dev", ticking)
        assert await service.queue.jobs(JobState.DELAYED) == before

    _run(redis, test)


def test_nothing_changes_when_there_would_be_too_many(redis: RunningRedis) -> None:
    async def test(service: _Service) -> None:
        few = Triggers(service.store, service.queue, most=3)
        await few.replace("acme", "dev", _yearly(2))
        with pytest.raises(TooManyTriggersError):
            await few.replace("acme", "prod", _yearly(2))
        assert await service.keys() == ["acme:dev:0", "acme:dev:1"]

    _run(redis, test)


def test_one_trigger_is_paused_resumed_and_deleted_and_the_others_keep_their_keys(redis: RunningRedis) -> None:
    async def test(service: _Service) -> None:
        await service.triggers.replace("acme", "dev", _yearly(3))
        paused = await service.triggers.set_enabled("acme", "dev", 1, enabled=False)
        assert paused is not None
        assert (paused.key, paused.placed.trigger.enabled, paused.next_ms) == ("acme:dev:1", False, None)
        assert await service.keys() == ["acme:dev:0", "acme:dev:2"]
        resumed = await service.triggers.set_enabled("acme", "dev", 1, enabled=True)
        assert resumed is not None
        assert resumed.next_ms is not None
        assert await service.triggers.delete_one("acme", "dev", 0) is True
        assert await service.triggers.delete_one("acme", "dev", 0) is False
        assert await service.triggers.set_enabled("acme", "dev", 9, enabled=True) is None
        assert [one.key for one in await service.triggers.list("acme")] == ["acme:dev:1", "acme:dev:2"]
        assert await service.keys() == ["acme:dev:1", "acme:dev:2"]

    _run(redis, test)


def test_schedules_are_those_of_the_last_set_when_many_replace_it_at_once(redis: RunningRedis) -> None:
    """Two replicas: the slower one must not leave schedules of the older triggers behind."""

    async def run() -> None:
        async with _service(redis) as a, _service(redis) as b:
            asked = [
                one.triggers.replace("acme", "dev", _yearly(1 + number % 5, path=f"/{number}"))
                for number, one in enumerate((a, b) * 10)
            ]
            await asyncio.gather(*asked)
            now = await a.store.get("acme", "dev")
            assert now is not None
            revisions = {one.key: one.revision for one in await a.queue.schedules()}
            assert revisions == {f"acme:dev:{placed.index}": placed.revision for placed in now.triggers}

    asyncio.run(run())


def test_answer_is_a_success_with_pending_schedules_when_only_the_queue_failed(redis: RunningRedis) -> None:
    """The set was stored: an error would say that nothing changed. The reconciler makes the schedules."""

    async def test(service: _Service) -> None:
        async def fails(*_: object) -> None:
            raise StoreUnavailableError("redis://127.0.0.1:1 does not answer in time")

        service.queue.upsert = fails  # type: ignore[assignment,method-assign]
        done = await service.triggers.replace("acme", "dev", _yearly(1))
        assert (done.added, done.pending, done.listed[0].next_ms) == (1, True, None)
        stored = await service.store.get("acme", "dev")
        assert stored is not None
        assert len(stored.triggers) == 1

    _run(redis, test)


def test_nothing_is_said_to_be_stored_when_redis_is_away(redis: RunningRedis) -> None:
    async def test(service: _Service) -> None:
        redis.kill()
        with pytest.raises(StoreUnavailableError):
            await service.triggers.replace("acme", "dev", _yearly(1))
        redis.start()

    _run(redis, test)


def test_run_is_obsolete_when_its_trigger_is_gone_paused_or_another_one(redis: RunningRedis) -> None:
    """A run that was scheduled for one trigger never calls the address of its successor."""

    async def test(service: _Service) -> None:
        done = await service.triggers.replace("acme", "dev", _yearly(2))
        call = Call("repeat:acme:dev:0:1", "acme", "dev", 0, done.listed[0].placed.revision, 1)
        asked_for = Call("now:acme:dev:0:x", "acme", "dev", 0, call.revision, None)
        assert await service.current.of(call) == done.listed[0].placed
        await service.triggers.set_enabled("acme", "dev", 0, enabled=False)
        assert await service.current.of(call) is None
        assert await service.current.of(asked_for) is None, "it was asked for before the change"
        again = await service.triggers.run_now("acme", "dev", 0)
        job = await service.queue.job(str(again))
        assert job is not None
        assert await service.current.of(job.call) is not None, "asked for while it is paused"
        await service.triggers.replace("acme", "dev", _yearly(2, path="/other"))
        assert await service.current.of(job.call) is None
        await service.triggers.delete("acme")
        assert await service.current.of(call) is None
        assert await service.triggers.run_now("acme", "dev", 0) is None

    _run(redis, test)


def test_thousand_triggers_are_registered_within_seconds(redis: RunningRedis) -> None:
    async def test(service: _Service) -> None:
        began = asyncio.get_running_loop().time()
        await service.triggers.replace("acme", "dev", _yearly(1000))
        assert asyncio.get_running_loop().time() - began < 5
        assert (await service.queue.counts())[JobState.DELAYED] == 1000

    _run(redis, test)
