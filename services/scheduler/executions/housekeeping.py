"""What one of the workers does now and then for all: merging objects, and deleting old ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from redis.asyncio import Redis
from redis.exceptions import LockError, RedisError

from scheduler.errors import HistoryUnavailableError
from scheduler.executions.compaction import Compaction
from scheduler.executions.object_store import ObjectStore
from scheduler.executions.polars_process import PolarsProcess
from scheduler.executions.retention import Retention
from scheduler.settings import Settings

__all__ = ["Housekeeping"]

_RETENTION_S = 86_400.0
# A worker that died in the middle blocks the others for so long.
_LOCK_S = 600.0

_logger = logging.getLogger(__name__)


class Housekeeping:
    """Runs each task at its time, in whichever worker is first; a failure is logged and left to the next time."""

    def __init__(self, settings: Settings, store: ObjectStore, redis: Redis) -> None:
        self._settings = settings
        self._redis = redis
        self._store = store
        self._retention = Retention(settings, store)

    async def run(self) -> None:
        """Run until cancelled."""
        tasks = []
        if self._settings.compact_s:
            tasks.append(self._every(self._settings.compact_s, "compaction", self._compact))
        if self._settings.metrics_retention_days is not None:
            tasks.append(self._every(_RETENTION_S, "retention", self._retention.run_once))
        await asyncio.gather(*tasks)

    async def _compact(self, now: datetime) -> int:
        polars = PolarsProcess()
        try:
            return await Compaction(self._settings, self._store, polars).run_once(now)
        finally:
            # It is not needed again for a while, and takes as much memory as the worker.
            await polars.close()

    async def _every(self, seconds: float, name: str, task: Callable[[datetime], Awaitable[int]]) -> None:
        while True:
            try:
                if await self._is_first(name, seconds):
                    await self._alone(name, task)
            except (HistoryUnavailableError, RedisError) as error:
                _logger.warning("%s did not run: %s", name, str(error) or type(error).__name__)
            except Exception:
                # Of this worker's own: a full disk, an error of ours. The calls under way must not end with it.
                _logger.exception("%s did not run", name)
            await asyncio.sleep(min(seconds, 60.0))

    async def _is_first(self, name: str, seconds: float) -> bool:
        """Return whether it is time, and no other worker has seen that."""
        key = f"{self._settings.prefix}:housekeeping:{name}"
        return bool(await self._redis.set(key, "1", nx=True, px=round(seconds * 1000)))

    async def _alone(self, name: str, task: Callable[[datetime], Awaitable[int]]) -> None:
        lock = self._redis.lock(f"{self._settings.prefix}:housekeeping:{name}:lock", timeout=_LOCK_S)
        if not await lock.acquire(blocking=False):
            return
        try:
            await task(datetime.now(UTC))
        finally:
            try:
                await lock.release()
            except LockError:
                _logger.info("%s took longer than %g s", name, _LOCK_S)
