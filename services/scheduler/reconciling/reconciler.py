"""Puts schedules right that do not match the triggers: lost ones, left-over ones, ones that would never run again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import prometheus_client

from scheduler.errors import StoreUnavailableError
from scheduler.queueing.queue import Queue
from scheduler.queueing.redis_address import RedisAddress
from scheduler.triggers.settling import Fault, Settling, enabled_by_key, fault_of
from scheduler.triggers.store import TriggerStore
from scheduler.triggers.trigger import parse_key

__all__ = ["Reconciler"]

REPAIRS = prometheus_client.Counter("scheduler_reconciler_repairs", "Schedules that were put right.", ("fault",))
RUNS = prometheus_client.Counter("scheduler_reconciler_runs", "Comparisons of schedules with triggers.", ("outcome",))
for _fault in Fault:
    REPAIRS.labels(_fault.value)

# The turn is over a little before the next one is due.
_TURN = 0.9

_logger = logging.getLogger(__name__)


class Reconciler:
    """Compares what triggers say with what is scheduled, in one of all API replicas at a time."""

    def __init__(
        self, store: TriggerStore, queue: Queue, address: RedisAddress, *, prefix: str, every_s: float
    ) -> None:
        self._store = store
        self._queue = queue
        self._settling = Settling(store, queue)
        self._address = address
        self._redis = address.connect(most=2)
        self._turn = f"{prefix}:reconciler"
        self._totals = f"{prefix}:repairs"
        self._every_s = every_s

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def run(self) -> None:
        """Compare and repair every so often, until cancelled. Redis being away is waited for."""
        while True:
            try:
                if await self._is_my_turn():
                    await self.reconcile()
            except StoreUnavailableError as error:
                RUNS.labels("failed").inc()
                _logger.warning("schedules were not compared with triggers: %s", error)
            except Exception:
                # Whatever one comparison ends with, the next one is made: nobody else repairs schedules.
                RUNS.labels("failed").inc()
                _logger.exception("schedules were not compared with triggers")
            await asyncio.sleep(self._every_s)

    async def reconcile(self) -> Mapping[Fault, int]:
        """Compare and repair once; return what was put right. Raises StoreUnavailableError."""
        began = time.monotonic()
        repaired: Counter[Fault] = Counter()
        sets, foreign = await self._suspects()
        for place, indexes in sets.items():
            settled = await self._settling.settle(*place, indexes)
            repaired.update(settled.repaired.values())
        if removed := await self._remove(foreign):
            repaired[Fault.ORPHAN] += removed
        await self._count(repaired)
        RUNS.labels("done").inc()
        level = logging.WARNING if repaired else logging.DEBUG
        told = ", ".join(f"{count} {fault}" for fault, count in sorted(repaired.items())) or "nothing"
        _logger.log(level, "schedules put right: %s (%.2f s)", told, time.monotonic() - began)
        return repaired

    async def totals(self) -> Mapping[Fault, int]:
        """Return what all replicas ever put right. Raises StoreUnavailableError."""
        with self._address.errors():
            kept = await self._redis.hgetall(self._totals)  # type: ignore[misc]
        return {fault: int(kept.get(fault, 0)) for fault in Fault}

    async def _is_my_turn(self) -> bool:
        with self._address.errors():
            return bool(await self._redis.set(self._turn, "taken", nx=True, px=round(self._every_s * _TURN * 1000)))

    async def _suspects(self) -> tuple[Mapping[tuple[str, str], Sequence[int]], Sequence[str]]:
        """Return sets that something seems wrong with, with the indexes, and the keys that no trigger can have.

        What seems wrong may have been changed between two reads: settling looks at it again.
        """
        wanted = {key: placed for one in await self._store.all() for key, placed in enabled_by_key(one).items()}
        schedules = {one.key: one for one in await self._queue.schedules()}
        sets: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        foreign: list[str] = []
        for key in wanted.keys() | schedules.keys():
            if fault_of(wanted.get(key), schedules.get(key)) is None:
                continue
            parsed = parse_key(key)
            if parsed is None:
                foreign.append(key)
            else:
                workspace_id, environment, index = parsed
                sets[workspace_id, environment].append(index)
        return sets, foreign

    async def _remove(self, keys: Sequence[str]) -> int:
        return sum(await asyncio.gather(*(self._queue.remove(key) for key in keys)))

    async def _count(self, repaired: Mapping[Fault, int]) -> None:
        for fault, count in repaired.items():
            REPAIRS.labels(fault.value).inc(count)
            with self._address.errors():
                await self._redis.hincrby(self._totals, fault, count)  # type: ignore[misc]
