"""What the queue holds: which trigger is due, and how the run of it goes. No address, no header, no body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Action", "Call", "Job", "JobState", "Progress", "Schedule", "WorkerBeat"]


class JobState(StrEnum):
    """Where a job is; the words of BullMQ."""

    WAITING = "waiting"
    ACTIVE = "active"
    DELAYED = "delayed"
    COMPLETED = "completed"
    FAILED = "failed"


class Action(StrEnum):
    """What an administrator may do to one job."""

    RETRY = "retry"
    PROMOTE = "promote"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Call:
    """One tick of one trigger. The trigger itself is looked up when it runs: secrets stay in one place."""

    job_id: str
    workspace_id: str
    environment: str
    index: int
    # Of the trigger when this was scheduled: another one is there now if they differ.
    revision: int
    # Milliseconds since 1970, the tick; None for a run that somebody asked for.
    due_ms: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run of a job is: `attempt` begins with 1 and never exceeds `attempts`."""

    attempt: int
    attempts: int
    # Set when a former worker died during this run; the attempt may have reached the target.
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """A repeating job: its key is the trigger's job id. Times are milliseconds since 1970."""

    key: str
    name: str
    cron: str
    tz: str
    next_ms: int | None
    revision: int
    # No job waits, runs or is delayed for its next run: it would never run again.
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A job as administrators see it."""

    id: str
    name: str
    state: JobState
    call: Call
    attempts_made: int
    created_ms: int
    # When it becomes due (delayed), was taken (active) and ended (completed, failed).
    due_ms: int | None = None
    started_ms: int | None = None
    finished_ms: int | None = None
    failed_reason: str | None = None
    result: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkerBeat:
    """What a worker last said of itself. Times are seconds since 1970."""

    worker_id: str
    started_at: float
    beat_at: float
    running: int
    concurrency: int
    # Records not yet on S3: in memory and in the spool.
    pending_records: int
    last_flush_at: float | None
    last_flush_error: str | None
