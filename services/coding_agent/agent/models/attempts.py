"""Asking a provider again when that is worth it, within the time there is, and reading what it says in errors."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from coding_agent.agent.language_model import Completion
from coding_agent.errors import CodingAgentError

__all__ = ["PassingModelError", "repeated", "retry_after_seconds", "without_secrets"]

_MOST_ATTEMPTS = 8
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_MOST_SHOWN_CHARS = 200
# Keys (OpenAI's, AWS's, JSON web tokens), what follows "Bearer", addresses, and AWS account numbers.
_SECRET = re.compile(
    r"\b(?:sk|pk|rk|key|gsk)[-_][\w*.-]{6,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\beyJ[\w.-]{10,}"
    r"|(?<=bearer )\S+|\b[a-z][a-z0-9+.-]*://\S+|\b\d{12}\b",
    re.IGNORECASE,
)


class PassingModelError(CodingAgentError):
    """A failure that may be over soon; `retry_after_s` is what the provider asks to wait."""

    def __init__(self, code: str, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after_s = retry_after_s


def repeated(
    ask: Callable[[float], Completion],
    timeout_s: float,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    jitter: Callable[[], float] = random.random,
) -> Completion:
    """Return the answer of `ask`, which is given the seconds left; failures that pass are met with another attempt.

    Waits are random, in a range that doubles from half a second to 30, on top of what the provider asks for. Raises
    the last failure when there were eight, or when the wait would outlast the time. `jitter` gives 0 to 1.
    """
    deadline = clock() + timeout_s
    for attempt in range(_MOST_ATTEMPTS):
        left_s = deadline - clock()
        if left_s <= 0:
            break
        try:
            return ask(left_s)
        except PassingModelError as error:
            wait_s = jitter() * min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0**attempt) + (error.retry_after_s or 0.0)
            if attempt == _MOST_ATTEMPTS - 1 or clock() + wait_s >= deadline:
                raise
        sleep(wait_s)
    raise CodingAgentError("model_timed_out", f"The model did not answer within {timeout_s:g} seconds")


def retry_after_seconds(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header (RFC 9110, section 10.2.3) asks for; None for none or nonsense."""
    if value is None:
        return None
    if re.fullmatch(r"[ \t]*[0-9]+(?:\.[0-9]+)?[ \t]*", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def without_secrets(text: str, secret: str = "") -> str:
    """Return a provider's words on one short line, `secret` and what looks like a key, address or account hidden."""
    if secret:
        text = text.replace(secret, "***")
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = _SECRET.sub("***", " ".join(printable.split()))
    return line if len(line) <= _MOST_SHOWN_CHARS else f"{line[: _MOST_SHOWN_CHARS - 1]}…"
