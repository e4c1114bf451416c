"""Executions read from S3: listed by day, fetched once, put together with Polars in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import cast

from scheduler.executions.history import ExecutionPage, Hour, Statistics
from scheduler.executions.object_cache import Fetched, ObjectCache
from scheduler.executions.object_keys import day_folder, days_between, hour_of, roots
from scheduler.executions.object_store import ObjectStore, StoredObject
from scheduler.executions.polars_process import PolarsProcess
from scheduler.executions.record_json import record_from
from scheduler.settings import Settings

__all__ = ["S3ExecutionHistory"]

_CACHE_BYTES = 256 << 20
_LISTINGS_AT_A_TIME = 16
_TIMEOUT_S = 30.0
_HOUR_S = 3600


class S3ExecutionHistory:
    """An ExecutionHistory. A day is one listing in each layout that is used; an object that stays is fetched once."""

    def __init__(self, settings: Settings, store: ObjectStore, cache: ObjectCache, polars: PolarsProcess) -> None:
        self._settings = settings
        self._store = store
        self._cache = cache
        self._turn = asyncio.Lock()
        self.polars = polars

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[S3ExecutionHistory]:
        """Connect lazily, as S3 may be away; the process that reads gets ready before the first page is asked for."""
        async with ObjectStore.open(settings) as store:
            cache, polars = ObjectCache(store, _CACHE_BYTES), PolarsProcess()
            try:
                await polars.start()
                yield cls(settings, store, cache, polars)
            finally:
                await polars.close()
                cache.close()

    async def page(
        self,
        workspace_id: str,
        *,
        since: datetime,
        until: datetime,
        environment: str | None = None,
        limit: int = 100,
    ) -> ExecutionPage:
        """As `ExecutionHistory.page`."""
        objects = await self._objects(workspace_id, since, until)
        async with self._turn:
            fetched = await self._cache.fetch(objects)
            if fetched.gone:
                # They were merged into others since they were listed.
                fetched = await self._cache.fetch(await self._objects(workspace_id, since, until))
            if fetched.reason is not None and not fetched.files:
                raise fetched.reason
            answer = await self.polars.ask(
                "page",
                _TIMEOUT_S,
                files=[str(path) for path in fetched.files.values()],
                workspace_id=workspace_id,
                environment=environment,
                since_ms=_ms(since),
                until_ms=_ms(until),
                limit=limit,
            )
            self._cache.trim()
        return ExecutionPage(
            workspace_id=workspace_id,
            statistics=_statistics(answer),
            executions=[record_from(row) for row in cast("list[dict[str, object]]", answer["executions"])],
            unread=_unread(fetched, cast("list[str]", answer["damaged"])),
        )

    async def _objects(self, workspace_id: str, since: datetime, until: datetime) -> Sequence[StoredObject]:
        """Return the objects that may hold executions of the period. Raises HistoryUnavailableError."""
        common, own = roots(self._settings, workspace_id)
        days = list(days_between(since, until))
        found, with_own = await asyncio.gather(self._days(common, days), self._store.folders(own))
        if with_own:
            found += await self._days(own, days)
        first = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return [stored for stored in found if (hour := hour_of(stored.key)) is None or first <= hour < until]

    async def _days(self, root: str, days: Sequence[date]) -> list[StoredObject]:
        turns = asyncio.Semaphore(_LISTINGS_AT_A_TIME)

        async def listed(day: date) -> Sequence[StoredObject]:
            async with turns:
                return await self._store.objects(day_folder(root, day))

        return [stored for listing in await asyncio.gather(*map(listed, days)) for stored in listing]


def _statistics(answer: Mapping[str, object]) -> Statistics:
    told = cast("dict[str, float]", answer["statistics"])
    total, success = int(told["total"]), int(told["success"])
    hours = [
        Hour(datetime.fromtimestamp(each["hour"] * _HOUR_S, UTC), each["success"], each["total"] - each["success"])
        for each in cast("list[dict[str, int]]", answer["hours"])
    ]
    return Statistics(
        total=total,
        success=success,
        failed=total - success,
        success_rate=100 * success / total if total else None,
        avg_duration=told["avg_duration"],
        p95=told["p95"],
        hours=tuple(hours),
    )


def _unread(fetched: Fetched, damaged: Sequence[str]) -> list[str]:
    files = set(damaged)
    return sorted([*fetched.failed, *fetched.gone, *(key for key, path in fetched.files.items() if str(path) in files)])


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
