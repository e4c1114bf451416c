"""The port of the store of triggers: the desired state, from which schedules are made and made again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from scheduler.triggers.trigger import Trigger, TriggerSet

__all__ = ["TriggerStore"]


class TriggerStore(Protocol):
    """Sets of triggers, each changed in one step: nobody ever sees half a set.

    Every method raises StoreUnavailableError where the store does not answer; then nothing is known to have changed.
    """

    async def get(self, workspace_id: str, environment: str) -> TriggerSet | None:
        """Return a set, or None where the workspace has none in this environment."""
        ...

    async def of_workspace(self, workspace_id: str) -> Sequence[TriggerSet]:
        """Return the sets of exactly this workspace, by environment."""
        ...

    async def all(self) -> Sequence[TriggerSet]:
        """Return every set there is."""
        ...

    async def replace(
        self, workspace_id: str, environment: str, triggers: Sequence[Trigger], *, most: int
    ) -> tuple[TriggerSet | None, TriggerSet]:
        """Replace a set at once; return the one before and the one now.

        A place whose trigger stays equal keeps its revision. Raises TooManyTriggersError where the workspace would
        have more than `most` in all its environments.
        """
        ...

    async def delete(self, workspace_id: str, environment: str | None = None) -> Sequence[TriggerSet]:
        """Delete the set of an environment, or all of the workspace; return what was there."""
        ...

    async def delete_one(self, workspace_id: str, environment: str, index: int) -> TriggerSet | None:
        """Delete one trigger, the others keep their index; return the set before, None where there was no such."""
        ...

    async def set_enabled(self, workspace_id: str, environment: str, index: int, *, enabled: bool) -> TriggerSet | None:
        """Pause or resume one trigger; return the set now, None where there is no such trigger."""
        ...

    async def ping(self) -> float:
        """Return the seconds that the store took to answer."""
        ...
