"""What clients send and get."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from coding_agent.jobs.job import Job, JobStatus, PullRequestType, Stage
from coding_agent.jobs.store import JobPage, LogLine

__all__ = [
    "FixIssueRequest",
    "JobAccepted",
    "JobList",
    "JobLog",
    "JobView",
    "ReportAccepted",
    "ReportRequest",
    "WebhookAnswer",
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FixIssueRequest(_Request):
    """`POST /fix-issue`."""

    issue_url: str = Field(max_length=500, examples=["https://github.com/acme/app/issues/7"])
    base_branch: str | None = Field(None, max_length=200, description="None: the repository's default branch.")
    pr_type: PullRequestType = Field(PullRequestType.DRAFT, strict=False)
    dry_run: bool = Field(False, description="Make the patch, push nothing.")
    callback_url: str | None = Field(None, max_length=2000, description="Told, signed, when the job's state changes.")
    max_cost: float | None = Field(None, gt=0, description="US dollars; the service's own limit if absent.")
    max_minutes: float | None = Field(None, gt=0, description="The service's own limit if absent.")


class ReportRequest(_Request):
    """`POST /reports`: a person's report that is filed as an issue and worked on."""

    report_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Makes the request idempotent.")
    title: str = Field(min_length=1, max_length=256)
    body: str = Field(max_length=30_000)


class JobAccepted(BaseModel):
    """The job that stands for a request."""

    job_id: str
    status: JobStatus
    status_url: str

    @classmethod
    def of(cls, job: Job, public_url: str) -> Self:
        """Return what a client needs to follow the job."""
        return cls(job_id=job.id, status=job.status, status_url=f"{public_url.rstrip('/')}/jobs/{job.id}")


class ReportAccepted(BaseModel):
    """The issue that a report became, and its job."""

    issue_url: str
    job_id: str
    status_url: str


class WebhookAnswer(BaseModel):
    """What became of a delivery; `reason` says why it was ignored."""

    result: Literal["accepted", "ignored", "pong"]
    reason: str | None = None
    job_id: str | None = None


class ErrorView(BaseModel):
    """Why a job failed."""

    code: str
    message: str


class TestsView(BaseModel):
    """What the repository's tests said; `exit_code` null: out of time."""

    __test__ = False

    command: list[str]
    exit_code: int | None
    passed: bool
    output: str


class JobView(BaseModel):
    """A job. Times are UTC; `duration_s` counts from its start, till its end or now."""

    job_id: str
    status: JobStatus
    stage: Stage | None
    issue_url: str
    repository: str
    client: str
    pr_type: PullRequestType
    dry_run: bool
    base_branch: str | None
    base_commit: str | None
    branch: str | None
    pr_url: str | None
    summary: str | None
    tests: TestsView | None
    attempt: int
    steps: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    max_cost: float
    max_minutes: float
    cancel_requested: bool
    retry_of: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: float | None
    error: ErrorView | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return what clients see of a job."""
        request = job.request
        until = job.ended_at or job.updated_at
        return cls(
            job_id=job.id,
            status=job.status,
            stage=job.stage,
            issue_url=request.issue.url,
            repository=request.issue.repository,
            client=job.client,
            pr_type=request.pr_type,
            dry_run=request.dry_run,
            base_branch=job.base_branch or request.base_branch,
            base_commit=job.base_commit,
            branch=job.branch,
            pr_url=job.pr_url,
            summary=job.summary,
            tests=None
            if job.tests is None
            else TestsView(
                command=list(job.tests.command),
                exit_code=job.tests.exit_code,
                passed=job.tests.passed,
                output=job.tests.output,
            ),
            attempt=job.attempt,
            steps=job.steps,
            input_tokens=job.input_tokens,
            output_tokens=job.output_tokens,
            cost_usd=job.cost_usd,
            max_cost=request.max_cost_usd,
            max_minutes=request.max_minutes,
            cancel_requested=job.cancel_requested,
            retry_of=job.retry_of,
            created_at=job.created_at,
            updated_at=job.updated_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
            duration_s=None if job.started_at is None else (until - job.started_at).total_seconds(),
            error=None if job.error is None else ErrorView(code=job.error.code, message=job.error.message),
        )


class JobList(BaseModel):
    """Jobs, newest first; `next_cursor` is null when there are no more."""

    jobs: list[JobView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: JobPage) -> Self:
        """Return a page as clients see it."""
        return cls(jobs=[JobView.of(job) for job in page.jobs], next_cursor=page.next_cursor)


class LogLineView(BaseModel):
    """A line; `at` is seconds since 1970."""

    number: Annotated[int, Field(ge=1)]
    at: float
    text: str

    @classmethod
    def of(cls, line: LogLine) -> Self:
        """Return a line as clients see it."""
        return cls(number=line.number, at=line.at, text=line.text)


class JobLog(BaseModel):
    """The end of a job's log."""

    lines: list[LogLineView]
