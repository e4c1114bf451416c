"""What a store of jobs does: it is the queue as well, so that a job is never in one and not in the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypedDict, Unpack

from coding_agent.jobs.job import Job, JobError, JobStatus, Stage, TestOutcome

__all__ = [
    "Artifact",
    "Idempotency",
    "JobChanges",
    "JobPage",
    "JobStore",
    "LeaseState",
    "LogLine",
    "QueueState",
    "Submission",
]


class Artifact(StrEnum):
    """What is kept beside a job, each at most `Settings.max_artifact_bytes`."""

    PATCH = "patch"
    TRAJECTORY = "trajectory"
    # What a runner elsewhere is given and has reported (JSON), and the digest of the token it does it with.
    ASSIGNMENT = "assignment"
    OUTCOME = "outcome"
    RUNNER_TOKEN_DIGEST = "runner_token_digest"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A client's Idempotency-Key, and a digest of what it sent with it."""

    client: str
    key: str
    body_digest: str


@dataclass(frozen=True, slots=True)
class Submission:
    """The job that now stands for a request, and whether it was made by it.

    Not `created`: the same key was sent before, or a job for the same issue is pending or running.
    """

    job: Job
    created: bool


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs, newest first, and what to pass as `cursor` for those after them (None: there are none)."""

    jobs: tuple[Job, ...]
    next_cursor: str | None


class JobChanges(TypedDict, total=False):
    """What a worker changes of its job while it runs."""

    stage: Stage
    base_branch: str
    base_commit: str
    branch: str
    pr_url: str
    summary: str
    tests: TestOutcome
    steps: int
    input_tokens: int
    output_tokens: int
    cost_usd: float


class LeaseState(StrEnum):
    """What a worker learns when it says that it is still there."""

    HELD = "held"
    CANCEL_REQUESTED = "cancel_requested"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a job's log; `number` counts from 1 without gaps within what is kept. `at` is seconds since 1970."""

    number: int
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many jobs there are by status, and for how many seconds the oldest pending one has waited (0: none)."""

    counts: Mapping[JobStatus, int]
    oldest_pending_s: float


class JobStore(Protocol):
    """Every method is atomic, safe from threads and processes, and raises StoreUnavailableError when not done."""

    def submit(self, job: Job, idempotency: Idempotency | None = None) -> Submission:
        """Keep a pending job and queue it, unless its key or its open issue has one already.

        Raises CodingAgentError `idempotency_mismatch` when the key came with another body before. Two requests for the
        same issue are the same job only when both or neither are `dry_run`.
        """

    def get(self, job_id: str) -> Job:
        """Return the job. Raises JobNotFoundError."""

    def find(
        self,
        *,
        status: JobStatus | None = None,
        repository: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> JobPage:
        """Return jobs, newest first. Raises CodingAgentError `bad_cursor` for a cursor that it never gave."""

    def claim(self, worker: str, lease_s: float) -> Job | None:
        """Take the oldest pending job: it is running, `attempt` one higher, and the worker's for `lease_s` seconds."""

    def extend(self, job_id: str, worker: str, lease_s: float) -> LeaseState:
        """Keep the job for `lease_s` seconds from now, if it is still the worker's."""

    def update(self, job_id: str, worker: str, **changes: Unpack[JobChanges]) -> Job:
        """Change fields of a running job that the worker has, its stage among them.

        Raises MoveRefusedError when the job is not the worker's any more, or the stage lies behind.
        """

    def finish(self, job_id: str, worker: str, status: JobStatus, *, error: JobError | None = None) -> Job:
        """End a running job that the worker has. Raises MoveRefusedError as `update` does."""

    def release(self, job_id: str, worker: str) -> Job:
        """Give a running job back: pending, before those never claimed, and the attempt not counted.

        One whose cancellation was asked for is cancelled instead. Raises MoveRefusedError as `update` does.
        """

    def cancel(self, job_id: str) -> Job:
        """End a pending job as cancelled; ask the worker of a running one to.

        Raises MoveRefusedError for an ended one.
        """

    def reap(self) -> Sequence[Job]:
        """Handle leases that have run out, and return those jobs; remove what is older than `Settings.retention_days`.

        The first time a job is pending again, before those never claimed; the second time (`attempt` 2) it is failed
        with code `worker_lost`; one whose cancellation was asked for is cancelled.
        """

    def append_log(self, job_id: str, lines: Sequence[str]) -> None:
        """Add lines to the job's log; beyond `Settings.max_log_lines` the oldest go. Raises JobNotFoundError.

        A text of several lines becomes several; lines are cut at `bounds.MAX_LINE_CHARS`.
        """

    def read_log(self, job_id: str, *, after: int = 0, tail: int | None = None) -> Sequence[LogLine]:
        """Return the lines numbered above `after`, of them the last `tail`. Raises JobNotFoundError."""

    def put_artifact(self, job_id: str, artifact: Artifact, data: bytes) -> None:
        """Keep an artifact, in place of an earlier one. Raises JobNotFoundError; `artifact_too_large`."""

    def get_artifact(self, job_id: str, artifact: Artifact) -> bytes | None:
        """Return an artifact, or None while there is none. Raises JobNotFoundError."""

    def first_sight(self, delivery_id: str, ttl_s: float) -> bool:
        """Return whether this delivery was never seen in the last `ttl_s` seconds, and remember it."""

    def queue_state(self) -> QueueState:
        """Return counts by status, and how long the oldest pending job has waited."""

    def ping(self) -> None:
        """Return when the store answers."""

    def close(self) -> None:
        """Give back connections and files."""
