"""What a reader says about an answer, as `POST /feedback` takes it."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["MAX_COMMENT_CHARS", "Feedback", "Verdict"]

MAX_COMMENT_CHARS = 2000

Verdict = Literal["good", "answer_wrong", "evidence_wrong"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """A verdict on an answer, and what the reader adds to it; `comment` may be ""."""

    verdict: Verdict
    comment: str = ""
