"""What came back from a call, and what that means: done, to be made again, or failed for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

__all__ = ["Answer", "Verdict", "judge_status", "retry_after_s"]

# RFC 9110: a time-out of theirs, too early, too many; with 5xx, what may go better later.
_PASSING = frozenset({408, 425, 429})
# A target does not decide that its job is held for hours.
_LONGEST_WAIT_S = 600.0


class Verdict(StrEnum):
    """What is to be done after an attempt."""

    DONE = "done"
    AGAIN = "again"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """How one attempt went. `problem` is for the trigger's owner and None when done; `response` is at most 4 kB."""

    verdict: Verdict
    http_status: int | None
    duration_ms: int
    problem: str | None = None
    response: str | None = None
    # What the target asked for, in seconds; only with AGAIN.
    after_s: float | None = None


def judge_status(status: int) -> tuple[Verdict, str | None]:
    """Return what a status means, and what is wrong with it."""
    if 200 <= status < 300:
        return Verdict.DONE, None
    if 300 <= status < 400:
        return Verdict.FAILED, f"the target answered {status}: redirects are not followed, name the final address"
    if status in _PASSING or status >= 500:
        return Verdict.AGAIN, f"the target answered {status}"
    return Verdict.FAILED, f"the target answered {status}; this is not tried again"


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that Retry-After (RFC 9110 10.2.3: seconds or a date) asks for, at most 600.

    None where there is none, or none that can be read.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT_S)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    date = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return min(max((date - now).total_seconds(), 0.0), _LONGEST_WAIT_S)
