"""Which moves a job makes: pending, running through its stages, and one of five ends."""

from __future__ import annotations

from coding_agent.errors import MoveRefusedError
from coding_agent.jobs.job import ENDED, JobStatus, Stage

__all__ = ["MOVES", "check_move", "check_stage"]

MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    # A job that is cancelled before a worker has it ends at once.
    JobStatus.PENDING: frozenset({JobStatus.RUNNING, JobStatus.CANCELLED}),
    # Back to pending: its worker was lost, or drains.
    JobStatus.RUNNING: frozenset({JobStatus.PENDING, *ENDED}),
    **{ended: frozenset() for ended in ENDED},
}

_ORDER = list(Stage)


def check_move(now: JobStatus, then: JobStatus) -> None:
    """Raise MoveRefusedError unless a job may go from one status to the other."""
    if then not in MOVES[now]:
        raise MoveRefusedError(f"A job that is {now} does not become {then}")


def check_stage(now: Stage | None, then: Stage) -> None:
    """Raise MoveRefusedError for a stage that lies before the present one."""
    if now is not None and _ORDER.index(then) < _ORDER.index(now):
        raise MoveRefusedError(f"A job that is at {now} does not go back to {then}")
