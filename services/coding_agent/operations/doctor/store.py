"""Whether the store keeps jobs: it writes them down, and throws none away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import redis

from coding_agent.operations.doctor.finding import Check, Finding, not_made, ok, problem
from coding_agent.settings import Settings

__all__ = ["store_checks"]

_TIMEOUT_S = 5.0


def store_checks(settings: Settings) -> Sequence[Check]:
    """Return the checks of Redis; SQLite needs none."""
    return (
        Check("redis persistence", lambda: _persistence(settings)),
        Check("redis eviction", lambda: _eviction(settings)),
    )


def _persistence(settings: Settings) -> Finding:
    if not _is_redis(settings):
        return not_made("CODING_AGENT_STORE is not a Redis")
    # MemoryDB keeps a log of its own, in several zones, which INFO does not tell of.
    if ".memorydb." in (urlsplit(settings.store).hostname or ""):
        return ok("MemoryDB, which keeps every change in several zones")
    if str(_info(settings, "persistence").get("aof_enabled")) == "1":
        return ok("every change is written to a file (AOF)")
    return problem("a restart of Redis loses jobs: no AOF", "set appendonly yes in redis.conf")


def _eviction(settings: Settings) -> Finding:
    if not _is_redis(settings):
        return not_made("CODING_AGENT_STORE is not a Redis")
    policy = _info(settings, "memory").get("maxmemory_policy")
    if policy == "noeviction":
        return ok("noeviction")
    return problem(f"when its memory is full, Redis throws jobs away: {policy}", "set maxmemory-policy noeviction")


def _is_redis(settings: Settings) -> bool:
    return settings.store.startswith(("redis://", "rediss://"))


def _info(settings: Settings, section: str) -> Mapping[str, Any]:
    client = redis.Redis.from_url(settings.store, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S)
    try:
        return cast("Mapping[str, Any]", client.info(section))
    finally:
        client.close()
