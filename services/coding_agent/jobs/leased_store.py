"""What is the same in every store: the steps of one job, each one atomic change of its record."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Unpack

from coding_agent.errors import JobNotFoundError, MoveRefusedError
from coding_agent.jobs import transitions
from coding_agent.jobs.job import Job, JobError, JobStatus
from coding_agent.jobs.record import Record
from coding_agent.jobs.store import JobChanges, LeaseState

__all__ = ["LeasedStore"]


class LeasedStore(ABC):
    """The methods of JobStore that change one job; a store brings the atomic change."""

    @abstractmethod
    def _change(self, job_id: str, step: Callable[[Record, float], Record]) -> Record:
        """Replace a job's record by what `step(record, now)` makes of it, in one atomic step with every index.

        `step` may be asked more than once; when it returns the record itself nothing is written. What it raises leaves
        the job as it was. Raises JobNotFoundError.
        """

    def extend(self, job_id: str, worker: str, lease_s: float) -> LeaseState:
        """Keep the job for `lease_s` seconds from now, if it is still the worker's."""
        try:
            record = self._change(job_id, lambda old, now: transitions.extended(old, worker, lease_s, now))
        except (MoveRefusedError, JobNotFoundError):
            return LeaseState.LOST
        return LeaseState.CANCEL_REQUESTED if record.job.cancel_requested else LeaseState.HELD

    def update(self, job_id: str, worker: str, **changes: Unpack[JobChanges]) -> Job:
        """Change fields of a running job that the worker has. Raises MoveRefusedError."""
        return self._change(job_id, lambda old, now: transitions.updated(old, worker, changes, now)).job

    def finish(self, job_id: str, worker: str, status: JobStatus, *, error: JobError | None = None) -> Job:
        """End a running job that the worker has. Raises MoveRefusedError."""
        return self._change(job_id, lambda old, now: transitions.finished(old, worker, status, error, now)).job

    def release(self, job_id: str, worker: str) -> Job:
        """Give a running job back to the queue, the attempt not counted. Raises MoveRefusedError."""
        return self._change(job_id, lambda old, now: transitions.released(old, worker, now)).job

    def cancel(self, job_id: str) -> Job:
        """End a pending job as cancelled; ask the worker of a running one to. Raises MoveRefusedError."""
        return self._change(job_id, transitions.cancelled).job
