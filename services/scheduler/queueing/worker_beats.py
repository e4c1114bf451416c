"""What workers say of themselves in Redis; who says nothing for a while is forgotten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from redis.asyncio import Redis

from scheduler.queueing.job import WorkerBeat

__all__ = ["BEAT_S", "TIMEOUT_S", "WorkerBeats"]

BEAT_S = 5.0
TIMEOUT_S = 15


class WorkerBeats:
    """The beats of a queue's workers: one key each with a time to live, and an index of their ids."""

    def __init__(self, redis: Redis, *, prefix: str, queue: str) -> None:
        self._redis = redis
        self._key = f"{prefix}:{queue}:beat:"
        self._index = f"{prefix}:{queue}:beats"

    async def publish(self, beat: WorkerBeat) -> None:
        """Keep a beat until TIMEOUT_S from now."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(self._key + beat.worker_id, json.dumps(asdict(beat)), ex=TIMEOUT_S)
            pipe.sadd(self._index, beat.worker_id)
            await pipe.execute()

    async def withdraw(self, worker_id: str) -> None:
        """Forget a worker that ended in order."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(self._key + worker_id)
            pipe.srem(self._index, worker_id)
            await pipe.execute()

    async def all(self) -> Sequence[WorkerBeat]:
        """Return the beats that are not too old, by worker."""
        ids = sorted(await self._redis.smembers(self._index))  # type: ignore[misc]
        if not ids:
            return []
        kept = await self._redis.mget([self._key + id_ for id_ in ids])
        gone = [id_ for id_, text in zip(ids, kept, strict=True) if text is None]
        if gone:
            await self._redis.srem(self._index, *gone)  # type: ignore[misc]
        return [WorkerBeat(**json.loads(text)) for text in kept if text is not None]
