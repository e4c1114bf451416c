"""Schedules follow the triggers: what the store says is what the queue has in the end, whoever else changes it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from scheduler.queueing.job import Schedule
from scheduler.queueing.queue import Queue
from scheduler.triggers.store import TriggerStore
from scheduler.triggers.trigger import PlacedTrigger, TriggerSet, job_id

__all__ = ["Fault", "Settled", "Settling", "enabled_by_key", "fault_of"]


class Fault(StrEnum):
    """What can be wrong between a trigger and its schedule."""

    MISSING = "missing"
    ORPHAN = "orphan"
    CHANGED = "changed"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Settled:
    """The schedules of a set as they are now, and what was put right."""

    schedules: Mapping[str, Schedule]
    repaired: Mapping[str, Fault]


class Settling:
    """Makes the schedules of one set what its triggers say."""

    def __init__(self, store: TriggerStore, queue: Queue) -> None:
        self._store = store
        self._queue = queue

    async def settle(self, workspace_id: str, environment: str, indexes: Collection[int] = ()) -> Settled:
        """Make what is missing, change what differs, remove what has no trigger; `indexes` may have had one before.

        Goes on until the set stayed the same meanwhile: of two replicas that change a set at once, the slower one would
        else leave schedules of the older triggers behind. Raises StoreUnavailableError.
        """
        repaired: dict[str, Fault] = {}
        seen = {job_id(workspace_id, environment, index) for index in indexes}
        while True:
            owner = await self._store.get(workspace_id, environment)
            wanted = enabled_by_key(owner)
            seen |= wanted.keys()
            schedules = await self._settle(owner, wanted, sorted(seen), repaired)
            again = await self._store.get(workspace_id, environment)
            if again == owner:
                return Settled(schedules, repaired)

    async def _settle(
        self,
        owner: TriggerSet | None,
        wanted: Mapping[str, PlacedTrigger],
        keys: Collection[str],
        repaired: dict[str, Fault],
    ) -> dict[str, Schedule]:
        schedules = {one.key: one for one in await self._queue.schedules_of(keys)}
        faults = {key: fault for key in keys if (fault := fault_of(wanted.get(key), schedules.get(key)))}
        orphans = [key for key, fault in faults.items() if fault is Fault.ORPHAN]
        await asyncio.gather(*(self._queue.remove(key) for key in orphans))
        if owner is not None:
            made = await asyncio.gather(*(self._queue.upsert(owner, wanted[key]) for key in faults if key in wanted))
            schedules |= {one.key: one for one in made}
        repaired |= faults
        return {key: schedules[key] for key in wanted}


def enabled_by_key(owner: TriggerSet | None) -> dict[str, PlacedTrigger]:
    """Return the triggers that have a schedule, by its key."""
    if owner is None:
        return {}
    enabled = [one for one in owner.triggers if one.trigger.enabled]
    return {job_id(owner.workspace_id, owner.environment, one.index): one for one in enabled}


def fault_of(wanted: PlacedTrigger | None, schedule: Schedule | None) -> Fault | None:
    """Return what is wrong with a schedule, or None."""
    if wanted is None:
        return None if schedule is None else Fault.ORPHAN
    if schedule is None:
        return Fault.MISSING
    as_wanted = (wanted.trigger.cron, wanted.trigger.tz, wanted.revision)
    if (schedule.cron, schedule.tz, schedule.revision) != as_wanted:
        return Fault.CHANGED
    return Fault.BROKEN if schedule.broken else None
