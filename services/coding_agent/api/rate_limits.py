"""How often one API key may ask, and how many jobs one repository gets: counted once for all replicas."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import ceil
from typing import Literal

from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from coding_agent.errors import CodingAgentError
from coding_agent.jobs.redis_connection import connect, store_errors
from coding_agent.settings import Settings

__all__ = ["RateDecision", "RateLimits"]

Scope = Literal["key", "repository"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateDecision:
    """Whether one more fits: `limit` and `remaining` of the window, `reset_s` until its oldest entry leaves it.

    `retry_after_s` is in whole seconds, at least 1 when it was refused and 0 when it was not.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int


class RateLimits:
    """Moving windows in the store's Redis, or in this process where the store is SQLite (which is one process).

    When Redis is away nobody is let through: `take` raises StoreUnavailableError. A job could not be queued then
    anyway, and a limit that opens when its store is attacked is none. Windows are measured by the replicas' clocks.
    """

    def __init__(self, settings: Settings) -> None:
        """Raises CodingAgentError `bad_rate_limit` for a setting that `limits` does not read."""
        self._store = settings.store
        self._redis = connect(settings.store) if settings.store.startswith(("redis://", "rediss://")) else None
        self._limiter = MovingWindowRateLimiter(
            MemoryStorage()
            if self._redis is None
            else RedisStorage(
                settings.store, connection_pool=self._redis.connection_pool, key_prefix="{coding-agent}:rate"
            )
        )
        try:
            self._items = {
                "key": parse(settings.rate_limit_per_key),
                "repository": parse(settings.rate_limit_per_repository),
            }
        except ValueError:
            raise CodingAgentError(
                "bad_rate_limit",
                "CODING_AGENT_RATE_LIMIT_PER_KEY and …_PER_REPOSITORY are written like 60/minute or 10/hour",
            ) from None

    def take(self, scope: Scope, name: str) -> RateDecision:
        """Count one request of this key, or one job of this repository, if it fits; refused ones do not count."""
        item = self._items[scope]
        with store_errors(self._store):
            allowed = self._limiter.hit(item, scope, name)
            stats = self._limiter.get_window_stats(item, scope, name)
        reset_s = max(1, ceil(stats.reset_time - time.time()))
        return RateDecision(
            allowed=allowed,
            limit=item.amount,
            remaining=stats.remaining if allowed else 0,
            reset_s=reset_s,
            retry_after_s=0 if allowed else reset_s,
        )

    def close(self) -> None:
        """Give the connections back."""
        if self._redis is not None:
            self._redis.close()
