"""Attempts of executions that are not over: the next attempt may be another worker's."""

from __future__ import annotations

import json
from dataclasses import asdict

from redis.asyncio import Redis

from scheduler.executions.record import Attempt

__all__ = ["AttemptTrail"]

# Longer than all waits between the attempts of one execution.
_KEPT_S = 86_400


class AttemptTrail:
    """Keeps failed attempts in Redis, per execution, until the last one; only what is tried again is ever there.

    Its methods raise what redis-py raises.
    """

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    async def add(self, execution_id: str, attempt: Attempt) -> None:
        """Keep an attempt."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.rpush(self._key(execution_id), json.dumps(asdict(attempt)))
            pipeline.expire(self._key(execution_id), _KEPT_S)
            await pipeline.execute()

    async def of(self, execution_id: str) -> tuple[Attempt, ...]:
        """Return the attempts so far, the first first."""
        kept: list[str] = await self._redis.lrange(self._key(execution_id), 0, -1)  # type: ignore[misc]
        return tuple(Attempt(**json.loads(text)) for text in kept)

    async def forget(self, execution_id: str) -> None:
        """Delete the attempts: they are in the record."""
        await self._redis.delete(self._key(execution_id))

    def _key(self, execution_id: str) -> str:
        return f"{self._prefix}:attempts:{execution_id}"
