"""What the checks look at and with what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from scheduler.queueing.bullmq_queue import BullMqQueue
from scheduler.queueing.queue import Queue
from scheduler.queueing.redis_address import RedisAddress
from scheduler.settings import Settings
from scheduler.triggers.redis_store import RedisTriggerStore
from scheduler.triggers.store import TriggerStore

__all__ = ["Surroundings", "open_surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """An installation. `workspace`: look at this one; None: at all of them."""

    settings: Settings
    address: RedisAddress
    store: TriggerStore
    queue: Queue
    workspace: str | None = None


@asynccontextmanager
async def open_surroundings(settings: Settings, workspace: str | None = None) -> AsyncIterator[Surroundings]:
    """Give what the settings lead to; nothing is asked of it yet. Raises ValueError where Redis' address is none."""
    address = RedisAddress.of(settings)
    store = RedisTriggerStore(address, prefix=settings.prefix)
    queue = BullMqQueue(address, name=settings.queue, prefix=settings.prefix)
    try:
        yield Surroundings(settings, address, store, queue, workspace)
    finally:
        await queue.close()
        await store.close()
