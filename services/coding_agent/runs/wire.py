"""What a runner elsewhere and the service send each other, as JSON: the same models on both sides.

What comes from a runner is untrusted (a model's commands ran beside it): it is bounded here, and what the service knows
better, tokens and cost, is not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from coding_agent.agent.language_model import ChatMessage, Completion
from coding_agent.issue_ref import IssueRef
from coding_agent.jobs.job import JobStatus, Stage, TestOutcome
from coding_agent.runs.assignment import Assignment, ExitStatus, IssueText, RunLimits, RunOutcome

__all__ = [
    "MAX_LOG_LINE_CHARS",
    "AssignmentMessage",
    "CompletionAnswer",
    "CompletionCall",
    "OutcomeMessage",
    "Progress",
    "RunnerReply",
    "RunnerUpdate",
]

MAX_LOG_LINE_CHARS = 4000
_MAX_LOG_LINES = 1000
_MAX_SUMMARY_CHARS = 20_000
_MAX_TEST_OUTPUT_CHARS = 100_000

_LogLine = Annotated[str, Field(max_length=MAX_LOG_LINE_CHARS)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IssueMessage(_Message):
    """Which issue."""

    host: str
    owner: str
    name: str
    number: int


class IssueTextMessage(_Message):
    """What people wrote: untrusted."""

    title: str
    body: str
    comments: tuple[tuple[str, str], ...]


class LimitsMessage(_Message):
    """When the run ends by itself."""

    steps: int
    cost_usd: float
    wall_s: float
    command_s: float
    test_s: float
    output_chars: int
    consecutive_format_errors: int


class AssignmentMessage(_Message):
    """`GET /jobs/{id}/assignment`: what a runner is to do."""

    job_id: str
    issue: IssueMessage
    text: IssueTextMessage
    base_commit: str
    test_command: tuple[str, ...] | None
    limits: LimitsMessage

    @classmethod
    def of(cls, assignment: Assignment) -> Self:
        """Return the message for an assignment."""
        return cls.model_validate(assignment, from_attributes=True)

    def assignment(self) -> Assignment:
        """Return the assignment that the message carries."""
        return Assignment(
            job_id=self.job_id,
            issue=IssueRef(**dict(self.issue)),
            text=IssueText(**dict(self.text)),
            base_commit=self.base_commit,
            test_command=self.test_command,
            limits=RunLimits(**dict(self.limits)),
        )


class TestsMessage(_Message):
    """What the repository's tests said; `exit_code` None: out of time."""

    __test__ = False

    command: Annotated[tuple[str, ...], Field(max_length=100)]
    # With defaults, so that a message without its nulls says the same.
    exit_code: int | None = None
    output: str = Field(max_length=_MAX_TEST_OUTPUT_CHARS)


class OutcomeMessage(_Message):
    """What a run made. Bytes are base64; tokens and cost are missing because the service counts them."""

    exit_status: ExitStatus
    patch: Base64Bytes
    summary: str = Field(max_length=_MAX_SUMMARY_CHARS)
    tests: TestsMessage | None = None
    trajectory: Base64Bytes
    steps: int = Field(ge=0)
    detail: str = Field("", max_length=_MAX_SUMMARY_CHARS)

    @staticmethod
    def of(outcome: RunOutcome) -> OutcomeMessage:
        """Return the message for an outcome: texts are cut to what the service takes, the end of test output kept."""
        tests = outcome.tests
        return OutcomeMessage.model_construct(
            exit_status=outcome.exit_status,
            patch=outcome.patch,
            summary=outcome.summary[:_MAX_SUMMARY_CHARS],
            tests=None
            if tests is None
            else TestsMessage(
                command=tests.command, exit_code=tests.exit_code, output=tests.output[-_MAX_TEST_OUTPUT_CHARS:]
            ),
            trajectory=outcome.trajectory,
            steps=outcome.steps,
            detail=outcome.detail[:_MAX_SUMMARY_CHARS],
        )

    def outcome(self, *, input_tokens: int, output_tokens: int, cost_usd: float) -> RunOutcome:
        """Return the outcome that the message carries, with what the service has counted."""
        return RunOutcome(
            exit_status=self.exit_status,
            patch=self.patch,
            summary=self.summary,
            tests=None if self.tests is None else TestOutcome(**dict(self.tests)),
            trajectory=self.trajectory,
            steps=self.steps,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cost_usd=cost_usd,
            detail=self.detail,
        )


class Progress(_Message):
    """How far the run is; tokens and cost the service counts itself."""

    steps: int = Field(ge=0)


class RunnerUpdate(_Message):
    """`PATCH /jobs/{id}`: what is new, all of it optional. The outcome comes last, and once."""

    stage: Stage | None = None
    log: Annotated[tuple[_LogLine, ...], Field(max_length=_MAX_LOG_LINES)] = ()
    progress: Progress | None = None
    trajectory: Base64Bytes | None = None
    outcome: OutcomeMessage | None = None

    @staticmethod
    def of(
        *,
        stage: Stage | None = None,
        log: Sequence[str] = (),
        steps: int | None = None,
        trajectory: bytes | None = None,
        outcome: RunOutcome | None = None,
    ) -> RunnerUpdate:
        """Return the update that says this; long lines are cut, of more than 1000 lines the last are told."""
        return RunnerUpdate.model_construct(
            stage=stage,
            log=tuple(line[:MAX_LOG_LINE_CHARS] for line in log[-_MAX_LOG_LINES:]),
            progress=None if steps is None else Progress(steps=steps),
            trajectory=trajectory,
            outcome=None if outcome is None else OutcomeMessage.of(outcome),
        )


class RunnerReply(_Message):
    """What a runner hears: it stops when cancellation is asked for, and when the job does not run any more."""

    status: JobStatus
    cancel_requested: bool


class ChatMessageBody(_Message):
    """One turn of the conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class CompletionCall(_Message):
    """`POST /jobs/{id}/completions`: the conversation so far."""

    messages: Annotated[tuple[ChatMessageBody, ...], Field(min_length=1, max_length=2000)]

    @classmethod
    def of(cls, messages: Sequence[ChatMessage]) -> Self:
        """Return the body that asks for the next turn."""
        return cls(messages=tuple(ChatMessageBody(role=each.role, content=each.content) for each in messages))

    def conversation(self) -> tuple[ChatMessage, ...]:
        """Return the conversation."""
        return tuple(ChatMessage(each.role, each.content) for each in self.messages)


class CompletionAnswer(_Message):
    """What the model wrote, and what it cost by the service's prices."""

    text: str
    input_tokens: int
    output_tokens: int
    cost_usd: float
    stop_reason: str

    @classmethod
    def of(cls, completion: Completion) -> Self:
        """Return the answer for a completion."""
        return cls.model_validate(completion, from_attributes=True)

    def completion(self) -> Completion:
        """Return the completion."""
        return Completion(**dict(self))
