"""Executions that are older than they are kept are deleted, a day at a time."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from scheduler.executions.object_keys import day_of
from scheduler.executions.object_store import ObjectStore
from scheduler.settings import Settings

__all__ = ["Retention"]

# Folders above a day: the workspace in one of the layouts, the year, the month.
_LEVELS = ("workspace=", "year=", "month=")

_logger = logging.getLogger(__name__)


class Retention:
    """Deletes whole UTC days; nothing where `metrics_retention_days` is not set."""

    def __init__(self, settings: Settings, store: ObjectStore) -> None:
        self._settings = settings
        self._store = store

    async def run_once(self, now: datetime) -> int:
        """Delete what is too old, and return how many objects. Raises HistoryUnavailableError."""
        if self._settings.metrics_retention_days is None:
            return 0
        first = now.astimezone(UTC).date() - timedelta(days=self._settings.metrics_retention_days)
        deleted = 0
        async for folder in self._days(self._settings.metrics_prefix):
            day = day_of(folder)
            if day is not None and day < first:
                objects = await self._store.objects(folder)
                await self._store.delete(stored.key for stored in objects)
                deleted += len(objects)
        if deleted:
            _logger.info("%d objects with executions from before %s are deleted", deleted, first)
        return deleted

    async def _days(self, above: str) -> AsyncIterator[str]:
        for folder in await self._store.folders(above):
            name = folder.removeprefix(above)
            if name.startswith("day="):
                yield folder
            elif name.startswith(_LEVELS):
                async for day in self._days(folder):
                    yield day
