"""Whether a run is still wanted: its trigger is there, enabled, and the one that the run was scheduled for."""

from __future__ import annotations

from scheduler.queueing.job import Call
from scheduler.triggers.store import TriggerStore
from scheduler.triggers.trigger import PlacedTrigger

__all__ = ["OBSOLETE", "CurrentTrigger"]

# What a job keeps that ended without a call.
OBSOLETE: dict[str, object] = {"status": "obsolete"}


class CurrentTrigger:
    """Looks up the triggers of runs."""

    def __init__(self, store: TriggerStore) -> None:
        self._store = store

    async def of(self, call: Call) -> PlacedTrigger | None:
        """Return the trigger of a run, or None where it is gone or another one is in its place: end as OBSOLETE.

        A run that somebody asked for is made of a disabled trigger too. Raises StoreUnavailableError.
        """
        triggers = await self._store.get(call.workspace_id, call.environment)
        placed = triggers.at(call.index) if triggers is not None else None
        if placed is None or placed.revision != call.revision:
            return None
        return placed if placed.trigger.enabled or call.due_ms is None else None
