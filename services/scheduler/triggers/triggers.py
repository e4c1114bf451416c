"""What can be done with triggers: the desired state is written first, in one step, and schedules follow it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scheduler.errors import StoreUnavailableError
from scheduler.queueing.job import Schedule
from scheduler.queueing.queue import Queue
from scheduler.triggers.settling import Settling, enabled_by_key
from scheduler.triggers.store import TriggerStore
from scheduler.triggers.trigger import PlacedTrigger, Trigger, TriggerSet, job_id

__all__ = ["Listed", "Replaced", "Triggers"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """A trigger with its names and its next run (milliseconds since 1970; None: disabled, or not scheduled yet)."""

    key: str
    environment: str
    placed: PlacedTrigger
    next_ms: int | None


@dataclass(frozen=True, slots=True)
class Replaced:
    """A set was replaced. `pending`: the queue did not answer, and the reconciler makes the schedules."""

    removed: int
    added: int
    listed: tuple[Listed, ...]
    pending: bool


class Triggers:
    """The triggers of all workspaces.

    Once the store has taken a change, it holds: where the queue fails after that, the answer is that of a success with
    schedules that are `pending`, since an error would say that nothing changed. The reconciler makes the schedules.
    """

    def __init__(self, store: TriggerStore, queue: Queue, *, most: int) -> None:
        self._store = store
        self._queue = queue
        self._settling = Settling(store, queue)
        self._most = most

    async def replace(self, workspace_id: str, environment: str, triggers: Sequence[Trigger]) -> Replaced:
        """Replace the set of an environment. Schedules of triggers that stay are not touched.

        Raises TooManyTriggersError and StoreUnavailableError; nothing changed then.
        """
        before, now = await self._store.replace(workspace_id, environment, triggers, most=self._most)
        schedules = await self._follow(before, now)
        removed = len(before.triggers) if before is not None else 0
        return Replaced(removed, len(now.triggers), _listed(now, schedules or {}), pending=schedules is None)

    async def list(self, workspace_id: str, environment: str | None = None) -> Sequence[Listed]:
        """Return the triggers of exactly this workspace, of all environments or one. Raises StoreUnavailableError."""
        sets = [one for one in await self._store.of_workspace(workspace_id) if environment in (None, one.environment)]
        keys = [key for one in sets for key in enabled_by_key(one)]
        schedules = {one.key: one for one in await self._queue.schedules_of(keys)}
        return [listed for one in sets for listed in _listed(one, schedules)]

    async def delete(self, workspace_id: str, environment: str | None = None) -> int:
        """Delete the triggers of an environment, or all of the workspace; return how many there were."""
        gone = await self._store.delete(workspace_id, environment)
        for one in gone:
            await self._follow(one)
        return sum(len(one.triggers) for one in gone)

    async def delete_one(self, workspace_id: str, environment: str, index: int) -> bool:
        """Delete one trigger; return whether there was such."""
        before = await self._store.delete_one(workspace_id, environment, index)
        if before is not None:
            await self._follow(before)
        return before is not None

    async def set_enabled(self, workspace_id: str, environment: str, index: int, *, enabled: bool) -> Listed | None:
        """Pause or resume one trigger; return it, or None where there is no such."""
        now = await self._store.set_enabled(workspace_id, environment, index, enabled=enabled)
        if now is None:
            return None
        schedules = await self._follow(now)
        return next(one for one in _listed(now, schedules or {}) if one.placed.index == index)

    async def run_now(self, workspace_id: str, environment: str, index: int) -> str | None:
        """Run a trigger once beside its schedule, also a disabled one; return the job's id, None where there is none.

        Raises StoreUnavailableError; then it is not known whether it will run.
        """
        there = await self._store.get(workspace_id, environment)
        placed = there.at(index) if there is not None else None
        return await self._queue.run_now(there, placed) if there is not None and placed is not None else None

    async def _follow(self, *sets: TriggerSet | None) -> Mapping[str, Schedule] | None:
        """Make the schedules of a set that changed; return them, None where the queue did not answer."""
        known = [one for one in sets if one is not None]
        indexes = {placed.index for one in known for placed in one.triggers}
        try:
            settled = await self._settling.settle(known[-1].workspace_id, known[-1].environment, indexes)
        except StoreUnavailableError as error:
            _logger.warning("the triggers are stored, their schedules are not made yet: %s", error)
            return None
        return settled.schedules


def _listed(owner: TriggerSet, schedules: Mapping[str, Schedule]) -> tuple[Listed, ...]:
    def one(placed: PlacedTrigger) -> Listed:
        key = job_id(owner.workspace_id, owner.environment, placed.index)
        schedule = schedules.get(key)
        return Listed(key, owner.environment, placed, schedule.next_ms if schedule is not None else None)

    return tuple(one(placed) for placed in owner.triggers)
