"""What a run is given and what it gives back: the same for a sandbox here and for a task elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from coding_agent.issue_ref import IssueRef
from coding_agent.jobs.job import Stage, TestOutcome
from coding_agent.runs.stop import Stop

__all__ = ["Assignment", "ExitStatus", "IssueText", "RunLimits", "RunOutcome", "RunSink", "TaskRunner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueText:
    """What people wrote: untrusted, whole, as GitHub gave it. `comments` are (author, text)."""

    title: str
    body: str
    comments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """When a run ends by itself; `command_s` bounds each command, `output_chars` what the model sees of its output."""

    steps: int
    cost_usd: float
    wall_s: float
    command_s: float
    test_s: float
    output_chars: int = 10_000
    consecutive_format_errors: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One job for a runner: which issue, from which commit, how tests are run (None: not configured), within what."""

    job_id: str
    issue: IssueRef
    text: IssueText
    base_commit: str
    test_command: tuple[str, ...] | None
    limits: RunLimits


class ExitStatus(StrEnum):
    """How the agent's loop ended."""

    SUBMITTED = "submitted"
    STEP_LIMIT = "step_limit"
    COST_LIMIT = "cost_limit"
    TIME_LIMIT = "time_limit"
    FORMAT_ERRORS = "format_errors"
    MODEL_FAILED = "model_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """What a run made: `patch` is `git diff --binary` against the base commit (empty: nothing changed).

    `summary` is the model's own words at the end (untrusted); `trajectory` is JSON; `detail` says more of an exit that
    is not `submitted`.
    """

    exit_status: ExitStatus
    patch: bytes
    summary: str
    tests: TestOutcome | None
    trajectory: bytes
    steps: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    detail: str = ""


class RunSink(Protocol):
    """Where a run tells how far it is. Every method may raise JobStoppedError."""

    def stage(self, stage: Stage) -> None:
        """Say what is done now."""

    def log(self, text: str) -> None:
        """Add lines to the job's log."""

    def progress(self, *, steps: int, input_tokens: int, output_tokens: int, cost_usd: float) -> None:
        """Say what has been used so far."""

    def trajectory(self, data: bytes) -> None:
        """Keep the trajectory so far (JSON)."""


class TaskRunner(Protocol):
    """Runs assignments where no secret is: in a sandbox on this machine, or in a task of its own elsewhere."""

    def check(self) -> None:
        """Return when commands of a model can run isolated here. Raises CodingAgentError `sandbox_unavailable`."""

    def run(self, assignment: Assignment, git_dir: Path, sink: RunSink, stop: Stop, *, worker: str) -> RunOutcome:
        """Run to the end and leave nothing behind. `git_dir` is our own bare clone, for reading only.

        `worker` has the job: what a task elsewhere reports is done in its name.

        Raises JobStoppedError soon after `stop` is set, everything killed; CodingAgentError for what went wrong.
        """
