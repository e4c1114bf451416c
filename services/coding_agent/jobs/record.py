"""What a store keeps of a job: the job, who has it, and until when."""

from __future__ import annotations

from dataclasses import dataclass

from coding_agent.jobs.job import Job, JobRequest

__all__ = ["Record", "open_issue_key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A job and its lease; times are seconds since 1970 by the store's clock.

    `queued_at` is when it last became pending; `worker` and `lease_until` are None unless it runs.
    """

    job: Job
    queued_at: float
    worker: str | None = None
    lease_until: float | None = None


def open_issue_key(request: JobRequest) -> str:
    """Return what two requests have in common when they are the same job while one is pending or running."""
    kind = "dry-run" if request.dry_run else "fix"
    return f"{request.issue.host}/{request.issue.repository}#{request.issue.number}:{kind}"
