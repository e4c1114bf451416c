"""Triggers in Redis: each set is one JSON value, changed in one transaction; keys are exact, never patterns."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from redis.asyncio.client import Pipeline
from redis.exceptions import WatchError

from scheduler.errors import TooManyTriggersError
from scheduler.queueing.redis_address import RedisAddress
from scheduler.triggers.trigger import ENVIRONMENTS, PlacedTrigger, Trigger, TriggerSet
from scheduler.triggers.trigger_json import decode_set, encode_set, encode_trigger

__all__ = ["RedisTriggerStore"]

# Sets read at a time where all are read: other clients get their turn in between.
_BATCH = 500

_Sets = dict[str, TriggerSet]
# Sets of a workspace as they shall be, by environment; None: no set.
_Change = dict[str, TriggerSet | None]


# Each tick of each trigger reads its set again, mostly as it was; at most some megabytes are kept for that.
_REMEMBERED_CHARS = 64 * 1024
_decoded_before = lru_cache(maxsize=64)(decode_set)


class RedisTriggerStore:
    """The triggers in Redis.

    `{prefix}:set:{workspace}:{environment}` is a set, `{prefix}:sets` the index of all, `{prefix}:revision` a number
    that only grows: a run that was scheduled for a deleted trigger never takes its successor for it.
    """

    def __init__(self, address: RedisAddress, *, prefix: str) -> None:
        self._address = address
        self._redis = address.connect()
        self._prefix = prefix
        self._index = f"{prefix}:sets"

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def get(self, workspace_id: str, environment: str) -> TriggerSet | None:
        """Return a set, or None where the workspace has none in this environment."""
        with self._address.errors():
            text = await self._redis.get(self._key(workspace_id, environment))
        if text is None:
            return None
        decode = _decoded_before if len(text) <= _REMEMBERED_CHARS else decode_set
        return decode(workspace_id, environment, text)

    async def of_workspace(self, workspace_id: str) -> Sequence[TriggerSet]:
        """Return the sets of exactly this workspace, by environment."""
        with self._address.errors():
            texts = await self._redis.mget(self._keys(workspace_id))
        return list(_decoded(workspace_id, texts).values())

    async def all(self) -> Sequence[TriggerSet]:
        """Return every set there is."""
        with self._address.errors():
            members: set[str] = await self._redis.smembers(self._index)  # type: ignore[misc]
            places = [tuple(member.rsplit(":", 1)) for member in sorted(members)]
            found: list[TriggerSet] = []
            for at in range(0, len(places), _BATCH):
                batch = places[at : at + _BATCH]
                texts = await self._redis.mget([self._key(workspace, environment) for workspace, environment in batch])
                read = zip(batch, texts, strict=True)
                found += (decode_set(workspace, environment, text) for (workspace, environment), text in read if text)
        return found

    async def replace(
        self, workspace_id: str, environment: str, triggers: Sequence[Trigger], *, most: int
    ) -> tuple[TriggerSet | None, TriggerSet]:
        """Replace a set at once; return the one before and the one now. Raises TooManyTriggersError."""

        def change(sets: _Sets, revision: int) -> _Change:
            asked = len(triggers) + sum(len(one.triggers) for name, one in sets.items() if name != environment)
            if asked > most:
                raise TooManyTriggersError(asked, most)
            before = sets.get(environment)
            placed = tuple(_placed(before, index, trigger, revision) for index, trigger in enumerate(triggers))
            return {environment: TriggerSet(workspace_id, environment, revision, placed)}

        before, changed = await self._change(workspace_id, change)
        now = changed[environment]
        assert now is not None
        return before.get(environment), now

    async def delete(self, workspace_id: str, environment: str | None = None) -> Sequence[TriggerSet]:
        """Delete the set of an environment, or all of the workspace; return what was there."""

        def change(sets: _Sets, _revision: int) -> _Change:
            return {name: None for name in sets if environment in (None, name)}

        before, changed = await self._change(workspace_id, change)
        return [before[name] for name in changed]

    async def delete_one(self, workspace_id: str, environment: str, index: int) -> TriggerSet | None:
        """Delete one trigger, the others keep their index; return the set before, None where there was no such."""

        def change(sets: _Sets, revision: int) -> _Change:
            before = sets.get(environment)
            if before is None or before.at(index) is None:
                return {}
            left = tuple(placed for placed in before.triggers if placed.index != index)
            return {environment: replace(before, revision=revision, triggers=left)}

        before, changed = await self._change(workspace_id, change)
        return before[environment] if changed else None

    async def set_enabled(self, workspace_id: str, environment: str, index: int, *, enabled: bool) -> TriggerSet | None:
        """Pause or resume one trigger; return the set now, None where there is no such trigger."""

        def change(sets: _Sets, revision: int) -> _Change:
            before = sets.get(environment)
            there = before.at(index) if before else None
            if before is None or there is None or there.trigger.enabled == enabled:
                return {}
            now = PlacedTrigger(index, replace(there.trigger, enabled=enabled), revision)
            placed = tuple(now if one.index == index else one for one in before.triggers)
            return {environment: replace(before, revision=revision, triggers=placed)}

        before, changed = await self._change(workspace_id, change)
        now = changed.get(environment, before.get(environment))
        return now if now is not None and now.at(index) is not None else None

    async def ping(self) -> float:
        """Return the seconds that Redis took to answer."""
        began = time.perf_counter()
        with self._address.errors():
            await self._redis.ping()  # type: ignore[misc]
        return time.perf_counter() - began

    async def _change(self, workspace_id: str, change: Callable[[_Sets, int], _Change]) -> tuple[_Sets, _Change]:
        """Read, change and write the workspace's sets in one step: again where somebody else was faster."""
        keys = self._keys(workspace_id)
        with self._address.errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                while True:
                    await pipe.watch(*keys)
                    before = _decoded(workspace_id, await pipe.mget(keys))
                    changed = change(before, await pipe.incr(f"{self._prefix}:revision"))
                    try:
                        await self._write(pipe, workspace_id, changed)
                    except WatchError:
                        continue
                    return before, changed

    async def _write(self, pipe: Pipeline, workspace_id: str, changed: _Change) -> None:
        pipe.multi()  # type: ignore[no-untyped-call]
        for environment, triggers in changed.items():
            key, member = self._key(workspace_id, environment), f"{workspace_id}:{environment}"
            if triggers is None:
                pipe.delete(key)
                pipe.srem(self._index, member)
            else:
                pipe.set(key, encode_set(triggers))
                pipe.sadd(self._index, member)
        await pipe.execute()

    def _key(self, workspace_id: str, environment: str) -> str:
        return f"{self._prefix}:set:{workspace_id}:{environment}"

    def _keys(self, workspace_id: str) -> list[str]:
        return [self._key(workspace_id, environment) for environment in ENVIRONMENTS]


def _decoded(workspace_id: str, texts: Sequence[str | None]) -> _Sets:
    found = zip(ENVIRONMENTS, texts, strict=True)
    return {environment: decode_set(workspace_id, environment, text) for environment, text in found if text}


def _placed(before: TriggerSet | None, index: int, trigger: Trigger, revision: int) -> PlacedTrigger:
    there = before.at(index) if before else None
    if there is not None and encode_trigger(there.trigger) == encode_trigger(trigger):
        return there
    return PlacedTrigger(index, trigger, revision)
