"""Which store the settings name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from coding_agent.errors import CodingAgentError
from coding_agent.jobs.redis_store import RedisStore
from coding_agent.jobs.sqlite_store import SqliteStore
from coding_agent.jobs.store import JobStore
from coding_agent.settings import Settings

__all__ = ["open_store"]

_SQLITE = "sqlite:///"


def open_store(settings: Settings) -> JobStore:
    """Return the store of `settings.store`; Redis is not asked yet (`ping` does).

    Raises CodingAgentError `bad_store` for an address of neither kind, StoreUnavailableError for a file that cannot
    be opened.
    """
    retention = timedelta(days=settings.retention_days)
    if settings.store.startswith(("redis://", "rediss://")):
        return RedisStore(
            settings.store,
            retention=retention,
            max_log_lines=settings.max_log_lines,
            max_artifact_bytes=settings.max_artifact_bytes,
        )
    path = settings.store.removeprefix(_SQLITE)
    if not settings.store.startswith(_SQLITE) or not path:
        raise CodingAgentError(
            "bad_store", "CODING_AGENT_STORE must be sqlite:///FILE, redis://HOST:PORT/DB or rediss://HOST:PORT/DB"
        )
    return SqliteStore(
        Path(path),
        retention=retention,
        max_log_lines=settings.max_log_lines,
        max_artifact_bytes=settings.max_artifact_bytes,
    )
