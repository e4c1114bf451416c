"""SC-01, SC-02: the store of triggers against a real Redis, and against a model in random sequences."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from scheduler.errors import StoreUnavailableError, TooManyTriggersError
from scheduler.tests.running_redis import RunningRedis, running_redis
from scheduler.triggers.redis_store import RedisTriggerStore
from scheduler.triggers.trigger import ENVIRONMENTS, Trigger, TriggerSet

_URL = "https://app.example/run"
_MOST = 5


@pytest.fixture(scope="module")
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


@asynccontextmanager
async def _store(redis: RunningRedis, prefix: str = "") -> AsyncIterator[RedisTriggerStore]:
    store = RedisTriggerStore(redis.address, prefix=prefix or f"s{asyncio.get_running_loop().time():.9f}")
    try:
        yield store
    finally:
        await store.close()


def _triggers(*names: str) -> list[Trigger]:
    return [Trigger("* * * * *", f"{_URL}/{name}") for name in names]


def test_set_is_kept_with_everything_that_a_trigger_has(redis: RunningRedis) -> None:
    trigger = Trigger(
        cron="0 */5 * * * *",
        url=f"{_URL}?a=1",
        method="POST",
        headers={"X-Ä": "ü", "Authorization": "Bearer t"},
        body={"list": [], "deep": {"none": None, "n": 1.5}},
        tz="Europe/Berlin",
        timeout_s=2.5,
        enabled=False,
        name="nightly",
    )

    async def run() -> None:
        async with _store(redis) as store:
            _, now = await store.replace("acme", "dev", [trigger], most=_MOST)
            assert await store.get("acme", "dev") == now
            assert now.triggers[0].trigger == trigger

    asyncio.run(run())


def test_sets_of_other_workspaces_stay_when_their_id_begins_alike(redis: RunningRedis) -> None:
    """Original: `name.includes(workspace_id)` made workspace `a` show and delete the jobs of `abc`."""
    names = [f"{workspace}-dev-trigger-0" for workspace in ("a", "abc", "b-a")]
    assert [name for name in names if "a" in name] == names, "the imitated fault"

    async def run() -> None:
        async with _store(redis) as store:
            for workspace in ("a", "abc", "b-a", "a-dev"):
                await store.replace(workspace, "dev", _triggers(workspace), most=_MOST)
            assert [one.workspace_id for one in await store.of_workspace("a")] == ["a"]
            assert [one.workspace_id for one in await store.delete("a")] == ["a"]
            assert [one.workspace_id for one in await store.all()] == ["a-dev", "abc", "b-a"]

    asyncio.run(run())


def test_readers_never_see_half_a_set_while_it_is_replaced(redis: RunningRedis) -> None:
    """Original: all jobs were removed first and added one by one, so a failure midway lost triggers."""
    kept = {"old": 1}
    with pytest.raises(ValueError, match="cron"):
        _imitated_replacement(kept, ["* * * * *", "61 * * * *", "* * * * *"])
    assert len(kept) == 1, "the imitated fault: the old trigger is gone, one of three is there"
    assert "old" not in kept

    async def run() -> None:
        async with _store(redis) as store:
            await store.replace("acme", "dev", _triggers("a", "a", "a"), most=_MOST)
            seen: list[Sequence[str]] = []

            async def read() -> None:
                for _ in range(60):
                    found = await store.get("acme", "dev")
                    assert found is not None
                    seen.append([placed.trigger.url.rsplit("/", 1)[1] for placed in found.triggers])

            async def write() -> None:
                for names in (("b", "b"), ("c", "c", "c", "c"), ("d",)) * 10:
                    await store.replace("acme", "dev", _triggers(*names), most=_MOST)

            await asyncio.gather(read(), read(), write(), write())
            whole = [["a"] * 3, ["b"] * 2, ["c"] * 4, ["d"]]
            assert all(names in whole for names in seen)
            assert len({tuple(names) for names in seen}) > 1

    asyncio.run(run())


def _imitated_replacement(jobs: dict[str, int], crons: Sequence[str]) -> None:
    """The original: remove all, then add one by one, and find the bad cron on the way."""
    jobs.clear()
    for index, cron in enumerate(crons):
        if cron.startswith("61"):
            raise ValueError("bad cron")
        jobs[f"{index}"] = 1


def test_revision_grows_although_the_set_was_deleted_in_between(redis: RunningRedis) -> None:
    async def run() -> None:
        async with _store(redis) as store:
            _, first = await store.replace("acme", "dev", _triggers("a"), most=_MOST)
            await store.delete("acme", "dev")
            _, second = await store.replace("acme", "dev", _triggers("a"), most=_MOST)
            assert second.triggers[0].revision > first.triggers[0].revision

    asyncio.run(run())


def test_revision_of_a_place_stays_when_its_trigger_stays(redis: RunningRedis) -> None:
    async def run() -> None:
        async with _store(redis) as store:
            _, first = await store.replace("acme", "dev", _triggers("a", "b"), most=_MOST)
            before, second = await store.replace("acme", "dev", _triggers("a", "c"), most=_MOST)
            assert before == first
            assert second.triggers[0] == first.triggers[0]
            assert second.triggers[1].revision == second.revision > first.revision

    asyncio.run(run())


def test_body_true_is_another_body_than_1(redis: RunningRedis) -> None:
    async def run() -> None:
        async with _store(redis) as store:
            await store.replace("acme", "dev", [Trigger("* * * * *", _URL, body=1)], most=_MOST)
            await store.replace("acme", "dev", [Trigger("* * * * *", _URL, body=True)], most=_MOST)
            found = await store.get("acme", "dev")
            assert found is not None
            assert found.triggers[0].trigger.body is True

    asyncio.run(run())


def test_limit_counts_all_environments_also_when_many_ask_at_once(redis: RunningRedis) -> None:
    async def run() -> None:
        async with _store(redis, "limit") as store, _store(redis, "limit") as other:
            asked = [
                one.replace("acme", environment, _triggers("a", "b", "c"), most=_MOST)
                for environment in ENVIRONMENTS
                for one in (store, other)
            ]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            refused = [one for one in answers if isinstance(one, TooManyTriggersError)]
            assert len(refused) == 4
            assert (refused[0].asked, refused[0].most) == (6, _MOST)
            assert [len(one.triggers) for one in await store.of_workspace("acme")] == [3]

    asyncio.run(run())


def test_store_says_what_is_wrong_without_the_password() -> None:
    async def run() -> None:
        with running_redis(password=True) as server:
            store = RedisTriggerStore(server.address, prefix="s")
            assert await store.ping() < 5
            server.kill()
            with pytest.raises(StoreUnavailableError, match="nothing answers there") as caught:
                await store.get("acme", "dev")
            assert server.password is not None
            assert server.password not in f"{caught.value} {caught.value.__cause__} {server.address!r}"
            server.start()
            assert await store.get("acme", "dev") is None
            await store.close()

    asyncio.run(run())


@st.composite
def _some_triggers(draw: st.DrawFn) -> list[Trigger]:
    crons = st.sampled_from(["* * * * *", "0 0 * * *"])
    bodies: st.SearchStrategy[object] = st.sampled_from([None, 1, True, {"a": []}])
    trigger = st.builds(Trigger, cron=crons, url=st.just(_URL), body=bodies, enabled=st.booleans())
    return draw(st.lists(trigger, max_size=_MOST))


_WORKSPACES = st.sampled_from(["a", "abc"])
_ENVIRONMENTS = st.sampled_from(ENVIRONMENTS)
_INDEXES = st.integers(0, 3)


class StoreAndModel(RuleBasedStateMachine):
    """The store and a dictionary are told the same; both must say the same of what there is."""

    redis: RunningRedis

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = RedisTriggerStore(self.redis.address, prefix=f"m{id(self)}-{self.runner.get_loop().time():.9f}")
        self.model: dict[tuple[str, str], dict[int, Trigger]] = {}
        self.revision = 0

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()

    @rule(workspace=_WORKSPACES, environment=_ENVIRONMENTS, triggers=_some_triggers())
    def replace(self, workspace: str, environment: str, triggers: list[Trigger]) -> None:
        others = sum(
            len(there) for place, there in self.model.items() if place[0] == workspace and place[1] != environment
        )
        changing = self.store.replace(workspace, environment, triggers, most=_MOST)
        if others + len(triggers) > _MOST:
            with pytest.raises(TooManyTriggersError):
                self.runner.run(changing)
            return
        before, now = self.runner.run(changing)
        assert self._plain(before) == self.model.get((workspace, environment))
        self.model[workspace, environment] = dict(enumerate(triggers))
        self._grows(now)

    @rule(workspace=_WORKSPACES, environment=st.none() | _ENVIRONMENTS)
    def delete(self, workspace: str, environment: str | None) -> None:
        gone = self.runner.run(self.store.delete(workspace, environment))
        places = [place for place in self.model if place[0] == workspace and environment in (None, place[1])]
        assert {one.environment: self._plain(one) for one in gone} == {
            place[1]: self.model.pop(place) for place in places
        }

    @rule(workspace=_WORKSPACES, environment=_ENVIRONMENTS, index=_INDEXES)
    def delete_one(self, workspace: str, environment: str, index: int) -> None:
        before = self.runner.run(self.store.delete_one(workspace, environment, index))
        there = self.model.get((workspace, environment), {})
        assert self._plain(before) == (there if index in there else None)
        there.pop(index, None)

    @rule(workspace=_WORKSPACES, environment=_ENVIRONMENTS, index=_INDEXES, enabled=st.booleans())
    def set_enabled(self, workspace: str, environment: str, index: int, enabled: bool) -> None:
        now = self.runner.run(self.store.set_enabled(workspace, environment, index, enabled=enabled))
        there = self.model.get((workspace, environment), {})
        if index not in there:
            assert now is None
            return
        old = there[index]
        there[index] = Trigger(old.cron, old.url, body=old.body, enabled=enabled)
        assert now is not None
        placed = now.at(index)
        assert placed is not None
        assert (placed.revision == now.revision) or old.enabled == enabled or placed.revision < now.revision

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        found = {(one.workspace_id, one.environment): self._plain(one) for one in self.runner.run(self.store.all())}
        assert found == self.model
        for workspace in ("a", "abc"):
            own = [one.environment for one in self.runner.run(self.store.of_workspace(workspace))]
            assert own == [name for name in ENVIRONMENTS if (workspace, name) in self.model]

    def _grows(self, now: TriggerSet) -> None:
        assert now.revision > self.revision
        self.revision = now.revision

    @staticmethod
    def _plain(one: TriggerSet | None) -> dict[int, Trigger] | None:
        return None if one is None else {placed.index: placed.trigger for placed in one.triggers}


def test_store_does_what_a_dictionary_does_in_random_sequences(redis: RunningRedis) -> None:
    StoreAndModel.redis = redis
    few = settings(max_examples=25, stateful_step_count=20, deadline=None)
    run_state_machine_as_test(StoreAndModel, settings=few)
