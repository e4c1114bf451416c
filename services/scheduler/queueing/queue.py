"""The port of the queue: BullMQ can be replaced by whatever keeps these promises."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from scheduler.queueing.job import Action, Call, Job, JobState, Progress, Schedule, WorkerBeat
from scheduler.triggers.trigger import PlacedTrigger, TriggerSet

__all__ = ["CallHandler", "FinalFailure", "NotNow", "Queue", "RetryCall"]


class Queue(Protocol):
    """Schedules and jobs. Every method raises StoreUnavailableError where the queue does not answer.

    A schedule has one next run. What nobody ran while all workers were away, or Redis was, is one late run; the ticks
    that came due until it began are left out (coalesced), and the schedule goes on with the first one after that.
    A run that a worker's death cut off is run again with the same job id: at least once.
    """

    async def upsert(self, owner: TriggerSet, placed: PlacedTrigger) -> Schedule:
        """Make or change the schedule of an enabled trigger: exactly one, however many ask at once."""
        ...

    async def remove(self, key: str) -> bool:
        """Remove a schedule with its next job; return whether there was one. Runs under way end."""
        ...

    async def schedules(self) -> Sequence[Schedule]:
        """Return all schedules."""
        ...

    async def schedules_of(self, keys: Collection[str]) -> Sequence[Schedule]:
        """Return the schedules with these keys, of those that there are."""
        ...

    async def run_now(self, owner: TriggerSet, placed: PlacedTrigger) -> str:
        """Add one run beside the schedule; return the id of its job."""
        ...

    async def counts(self) -> Mapping[JobState, int]:
        """Return how many jobs are in each state."""
        ...

    async def jobs(self, state: JobState, *, start: int = 0, count: int = 50) -> Sequence[Job]:
        """Return jobs in a state, the newest first (delayed: the next one first)."""
        ...

    async def job(self, job_id: str) -> Job | None:
        """Return one job, or None where it is no longer kept."""
        ...

    async def act(self, action: Action, job_id: str) -> None:
        """Do something to a job. Raises JobActionError where the job is gone or in a state that does not allow it."""
        ...

    async def clean(self, state: JobState) -> int:
        """Remove all completed or failed jobs; return how many."""
        ...

    async def pause(self) -> None:
        """Take no more jobs, in any worker, until `resume`."""
        ...

    async def resume(self) -> None:
        """Take jobs again."""
        ...

    async def is_paused(self) -> bool:
        """Return whether the queue is paused."""
        ...

    async def workers(self) -> Sequence[WorkerBeat]:
        """Return the workers that said within their time-out that they are there."""
        ...


class RetryCall(Exception):  # noqa: N818 - no error of ours: the call is to be made again
    """Raised by a handler: make the attempt again, if any is left, after the waiting time of the queue or this one."""

    def __init__(self, reason: str, *, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s


class NotNow(Exception):  # noqa: N818 - no error of ours: the call is to be made later
    """Raised by a handler before it calls: hand the job out again after this time. No attempt is used up."""

    def __init__(self, *, after_s: float) -> None:
        super().__init__(f"not before {after_s:g} s")
        self.after_s = after_s


class FinalFailure(Exception):  # noqa: N818 - no error of ours: the call failed for good
    """Raised by a handler: no other attempt is made; its text is what the job keeps as the reason."""


class CallHandler(Protocol):
    """What a worker does with a job that it took."""

    async def __call__(self, call: Call, progress: Progress, /) -> Mapping[str, object]:
        """Make the call; return what the job keeps of it. Raises NotNow, RetryCall or FinalFailure.

        StoreUnavailableError before the call: it is begun again when the store is back, and no attempt is used up.
        Any other error is one of ours: it ends the job as failed too, and is logged with its traceback.
        """
        ...
