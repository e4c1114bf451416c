"""What the checks look at and with what."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.queueing.queue import Queue
from scheduler.queueing.redis_address import RedisAddress
from scheduler.settings import Settings
from scheduler.triggers.store import TriggerStore

__all__ = ["Surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """An installation. `workspace`: look at this one; None: at all of them. `now` is this machine's clock."""

    settings: Settings
    address: RedisAddress
    store: TriggerStore
    queue: Queue
    workspace: str | None = None
