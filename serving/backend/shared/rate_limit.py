"""Requests of each client counted once over all back ends."""

from __future__ import annotations

import asyncio
from typing import cast

from serving.backend.shared.connection import CONNECTIONS, TIMEOUT_S, SharedRedis
from serving.http.rate_limit import BoundedMemory

__all__ = ["SharedMoments"]


class SharedMoments(BoundedMemory):
    """The moments of requests in a Redis; in this process's memory while it is away.

    A moment is told by the clock of the back end that the request came to.
    """

    def __init__(self, shared: SharedRedis) -> None:
        from limits.aio.storage import RedisStorage
        from redis.asyncio import BlockingConnectionPool
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        super().__init__()
        self._shared = shared
        self._pool = BlockingConnectionPool.from_url(
            shared.address,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        # The library's own annotation of its options has no pool, which it documents. The address is the pool's: the
        # library reads fewer forms of it than its client does.
        pool = {"connection_pool": cast("bool", self._pool)}
        self._redis = RedisStorage(
            "async+redis://", implementation="redispy", key_prefix=f"{shared.prefix}rate", **pool
        )

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Return whether one more request fits into the last `expiry` seconds, and note it then."""
        if not self._shared.outage:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    return await self._redis.acquire_entry(key, limit, expiry, amount)
            except self._shared.errors as error:
                self._shared.lose(error)
        return await super().acquire_entry(key, limit, expiry, amount)

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the window began, seconds since 1970, and how many requests are in it."""
        if not self._shared.outage:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    return await self._redis.get_moving_window(key, limit, expiry)
            except self._shared.errors as error:
                self._shared.lose(error)
        return await super().get_moving_window(key, limit, expiry)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.disconnect()
