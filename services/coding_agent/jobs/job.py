"""A job: what was asked for, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from coding_agent.issue_ref import IssueRef

__all__ = ["ENDED", "Job", "JobError", "JobRequest", "JobStatus", "PullRequestType", "Stage", "TestOutcome"]


class JobStatus(StrEnum):
    """Where a job is in its life."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    NO_CHANGES = "no_changes"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


ENDED = frozenset({JobStatus.SUCCESS, JobStatus.NO_CHANGES, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT})


class Stage(StrEnum):
    """What a running job is at, in this order."""

    FETCH = "fetch"
    CLONE = "clone"
    PLAN = "plan"
    EDIT = "edit"
    TEST = "test"
    PUSH = "push"
    PR = "pr"


class PullRequestType(StrEnum):
    """What is made of the patch: a draft, a pull request ready for review, or only a pushed branch."""

    DRAFT = "draft"
    READY = "ready"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What somebody asked for; `base_branch` None is the repository's default branch.

    With `dry_run` the patch is made and nothing is pushed.
    """

    issue: IssueRef
    base_branch: str | None = None
    pr_type: PullRequestType = PullRequestType.DRAFT
    dry_run: bool = False
    callback_url: str | None = None
    max_cost_usd: float
    max_minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """Why a job failed: a documented code, and a line without secrets."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutcome:
    """What the repository's own tests said: the command, its exit code (None: out of time), the end of its output."""

    command: tuple[str, ...]
    exit_code: int | None
    output: str

    @property
    def passed(self) -> bool:
        """Whether the command ended with 0."""
        return self.exit_code == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as the store has it. Times are UTC.

    `client` names the API key it came with, or `webhook`; `attempt` counts the workers that have claimed it;
    `retry_of` is the job that it repeats.
    """

    id: str
    request: JobRequest
    client: str
    created_at: datetime
    updated_at: datetime
    status: JobStatus = JobStatus.PENDING
    stage: Stage | None = None
    attempt: int = 0
    cancel_requested: bool = False
    retry_of: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    base_branch: str | None = None
    base_commit: str | None = None
    branch: str | None = None
    pr_url: str | None = None
    summary: str | None = None
    tests: TestOutcome | None = None
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    error: JobError | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ENDED
