"""Jobs for tests, and stores of both kinds for them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from coding_agent.issue_ref import IssueRef
from coding_agent.jobs.job import Job, JobRequest
from coding_agent.jobs.open_store import open_store
from coding_agent.jobs.store import JobStore
from coding_agent.settings import Settings
from coding_agent.tests.redis_server import flush

__all__ = ["KINDS", "a_job", "a_request", "a_store", "store_address"]

KINDS = ("sqlite", "redis")


def a_request(number: int = 1, repository: str = "acme/app", *, dry_run: bool = False) -> JobRequest:
    """Return a request to fix an issue."""
    owner, _, name = repository.partition("/")
    return JobRequest(
        issue=IssueRef("github.com", owner, name, number), dry_run=dry_run, max_cost_usd=1.0, max_minutes=10.0
    )


def a_job(number: int = 1, repository: str = "acme/app", *, job_id: str | None = None, dry_run: bool = False) -> Job:
    """Return a new job for an issue."""
    now = datetime.now(UTC)
    return Job(
        id=job_id or secrets.token_hex(8),
        request=a_request(number, repository, dry_run=dry_run),
        client="tests",
        created_at=now,
        updated_at=now,
    )


def store_address(kind: str, folder: Path, redis_url: str) -> str:
    """Return the setting that names a store: a file of the folder, or the Redis there is."""
    return redis_url if kind == "redis" else f"sqlite:///{folder / 'jobs.db'}"


def a_store(address: str, *, empty: bool = True, **changes: float) -> JobStore:
    """Return a store at this address, emptied first."""
    if empty and address.startswith("redis"):
        flush(address)
    elif empty:
        for ending in ("", "-wal", "-shm"):
            Path(address.removeprefix("sqlite:///") + ending).unlink(missing_ok=True)
    return open_store(Settings(store=address, **changes))  # type: ignore[arg-type]
