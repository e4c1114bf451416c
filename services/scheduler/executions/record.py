"""The record of one execution, as it is kept on S3, and of each of its attempts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Attempt", "ExecutionRecord", "Status"]

Status = Literal["success", "failed"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a call: when it began (ISO 8601, UTC), how long it took, what came back."""

    timestamp: str
    duration_ms: int
    http_status: int | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class ExecutionRecord:
    """One execution with its final outcome. The fields up to `environment` are those of the owner's notes.

    `timestamp` is the beginning of the first attempt (ISO 8601, UTC); `duration_ms` that of the last one;
    `retry_count` is 0 when the first attempt was the last. `trigger_url` holds no query and no password.
    """

    workspace_id: str
    job_id: str
    job_name: str
    trigger_url: str
    trigger_method: str
    timestamp: str
    status: Status
    duration_ms: int
    http_status: int | None
    retry_count: int
    error_message: str | None
    environment: str
    # The id of this run, sent as Idempotency-Key: the same for all its attempts, different for each tick.
    execution_id: str
    # Tick to the beginning of the first attempt; None for a run that somebody asked for.
    lateness_ms: int | None
    attempts: tuple[Attempt, ...]
    # The first 4 kB of the last answer, as text.
    response: str | None = None
