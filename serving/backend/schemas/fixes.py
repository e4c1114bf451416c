"""What an administrator sends to have an answer fixed, and what he is told."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, StringConstraints, model_validator

from serving.http.strict import Strict

__all__ = ["FixAccepted", "FixRequest", "FixState"]


class FixRequest(Strict):
    """The answer that is wrong; `request_id` is the answer's, and makes the request idempotent.

    `question` and `answer` are for one that this process did not give, or gave too long ago; they go together, and
    count instead of what is kept. `verdict` counts instead of the reader's.
    """

    request_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{8,64}$")]
    comment: Annotated[str, StringConstraints(max_length=2_000)] = ""
    verdict: Literal["answer_wrong", "evidence_wrong"] | None = None
    question: Annotated[str, StringConstraints(min_length=1, max_length=3_500)] | None = None
    answer: Annotated[str, StringConstraints(min_length=1, max_length=8_000)] | None = None

    @model_validator(mode="after")
    def _have_both(self) -> Self:
        if (self.question is None) != (self.answer is None):
            raise ValueError("question and answer go together: send both, or neither")
        return self


class FixAccepted(BaseModel):
    """The issue that was filed, and the job that works on it; `status_url` asks for the coding agent's own key."""

    issue_url: str
    job_id: str
    status_url: str


class FixState(BaseModel):
    """How far a job is; `error` says why it failed."""

    job_id: str
    status: str
    stage: str | None
    issue_url: str
    pr_url: str | None
    error: str | None
