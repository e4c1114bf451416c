"""How Redis is reached, and what its errors are to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from coding_agent.errors import StoreUnavailableError

__all__ = ["connect", "store_errors"]

_TIMEOUT_S = 5.0
_MOST_CONNECTIONS = 64


def connect(url: str) -> redis.Redis:
    """Return a client of `redis://` or `rediss://` (certificates are checked); nothing is sent yet.

    Every wait ends after 5 seconds. A command whose reply was lost is sent again twice: only commands that may be
    sent again go through this client. Raises StoreUnavailableError for an address that is none.
    """
    try:
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=_MOST_CONNECTIONS,
            timeout=_TIMEOUT_S,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            health_check_interval=30,
            # The older protocol needs no greeting and gets no pushed messages: one round trip less for a connection.
            protocol=2,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2),
        )
    except ValueError:
        raise StoreUnavailableError(
            "CODING_AGENT_STORE is not an address of Redis: write redis[s]://HOST:PORT/DB"
        ) from None
    return redis.Redis.from_pool(pool)


@contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Turn errors of Redis into StoreUnavailableError, which names the server and never the password."""
    try:
        yield
    except redis.RedisError as error:
        parts = urlsplit(url)
        text = str(error)
        for secret in filter(None, (parts.password, url)):
            text = text.replace(secret, "…")
        where = f"{parts.hostname}:{parts.port or 6379}"
        raise StoreUnavailableError(f"Redis at {where} cannot be used: {type(error).__name__}: {text}") from None
