"""What each step makes of a record: pure functions, the same for every store.

A store reads a record, asks here, and writes the answer only if the record is still the one that it read. `now` is its
own clock in seconds since 1970.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from coding_agent.errors import MoveRefusedError
from coding_agent.jobs.job import ENDED, Job, JobError, JobStatus
from coding_agent.jobs.record import Record
from coding_agent.jobs.state_machine import check_move, check_stage
from coding_agent.jobs.store import JobChanges

__all__ = ["cancelled", "claimed", "extended", "finished", "lost", "released", "submitted", "updated"]

_MOST_ATTEMPTS = 2
_CHANGEABLE = frozenset(JobChanges.__annotations__)


def submitted(job: Job, now: float) -> Record:
    """Return the record of a new job. Raises MoveRefusedError unless it is pending."""
    if job.status is not JobStatus.PENDING:
        raise MoveRefusedError(f"A job that is {job.status} is not queued")
    return Record(job=job, queued_at=now)


def claimed(record: Record, worker: str, lease_s: float, now: float) -> Record:
    """Return it running, the worker's. Raises MoveRefusedError unless it is pending."""
    check_move(record.job.status, JobStatus.RUNNING)
    job = replace(
        record.job,
        status=JobStatus.RUNNING,
        attempt=record.job.attempt + 1,
        started_at=_time(now),
        updated_at=_time(now),
    )
    return replace(record, job=job, worker=worker, lease_until=now + lease_s)


def extended(record: Record, worker: str, lease_s: float, now: float) -> Record:
    """Return it with a lease from now. Raises MoveRefusedError unless it is the worker's."""
    _check_held(record, worker)
    return replace(record, lease_until=now + lease_s)


def updated(record: Record, worker: str, changes: JobChanges, now: float) -> Record:
    """Return it with the changes. Raises MoveRefusedError unless it is the worker's and goes forward."""
    if unknown := changes.keys() - _CHANGEABLE:
        raise TypeError(f"not a field that a worker changes: {', '.join(sorted(unknown))}")
    _check_held(record, worker)
    if "stage" in changes:
        check_stage(record.job.stage, changes["stage"])
    return replace(record, job=replace(record.job, **changes, updated_at=_time(now)))


def finished(record: Record, worker: str, status: JobStatus, error: JobError | None, now: float) -> Record:
    """Return it ended. Raises MoveRefusedError unless it is the worker's, and for a status that is no end."""
    if status not in ENDED:
        raise MoveRefusedError(f"A job does not end as {status}")
    _check_held(record, worker)
    return _ended(record, status, error, now)


def released(record: Record, worker: str, now: float) -> Record:
    """Return it pending as if it had not been claimed, or cancelled if that was asked for meanwhile."""
    _check_held(record, worker)
    if record.job.cancel_requested:
        return _ended(record, JobStatus.CANCELLED, None, now)
    return _requeued(record, record.job.attempt - 1, now)


def cancelled(record: Record, now: float) -> Record:
    """Return it cancelled, or with the request to its worker. Raises MoveRefusedError for an ended one."""
    check_move(record.job.status, JobStatus.CANCELLED)
    asked = replace(record, job=replace(record.job, cancel_requested=True, updated_at=_time(now)))
    return _ended(asked, JobStatus.CANCELLED, None, now) if record.job.status is JobStatus.PENDING else asked


def lost(record: Record, now: float) -> Record:
    """Return what becomes of it when its lease has run out; the same record when it has not."""
    if record.lease_until is None or record.lease_until > now:
        return record
    if record.job.cancel_requested:
        return _ended(record, JobStatus.CANCELLED, None, now)
    if record.job.attempt >= _MOST_ATTEMPTS:
        message = f"The worker of this job was lost {_MOST_ATTEMPTS} times; look at its log, then retry it"
        return _ended(record, JobStatus.FAILED, JobError(code="worker_lost", message=message), now)
    return _requeued(record, record.job.attempt, now)


def _check_held(record: Record, worker: str) -> None:
    if record.job.status is not JobStatus.RUNNING:
        raise MoveRefusedError(f"The job is {record.job.status}, not running")
    if record.worker != worker:
        raise MoveRefusedError("Another worker has the job by now")


def _ended(record: Record, status: JobStatus, error: JobError | None, now: float) -> Record:
    check_move(record.job.status, status)
    job = replace(record.job, status=status, error=error, ended_at=_time(now), updated_at=_time(now))
    return replace(record, job=job, worker=None, lease_until=None)


def _requeued(record: Record, attempt: int, now: float) -> Record:
    check_move(record.job.status, JobStatus.PENDING)
    job = replace(
        record.job, status=JobStatus.PENDING, stage=None, attempt=attempt, started_at=None, updated_at=_time(now)
    )
    return Record(job=job, queued_at=now)


def _time(now: float) -> datetime:
    return datetime.fromtimestamp(now, UTC)
