"""What providers say in headers and error bodies, in a form that can be used and logged."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["retry_after_seconds", "without_secrets"]

_MAX_SHOWN_CHARS = 200
# Keys (OpenAI, AWS, JSON web tokens), what follows "Bearer", addresses, and AWS account numbers.
_SECRET = re.compile(
    r"\b(?:sk|pk|rk|key|gsk)[-_][\w*.-]{6,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\beyJ[\w.-]{10,}"
    r"|(?<=bearer )\S+|\b[a-z][a-z0-9+.-]*://\S+|\b\d{12}\b",
    re.IGNORECASE,
)


def without_secrets(text: str, *secrets: str) -> str:
    """Return the words of a provider on one line, cut, with `secrets`, what looks like a key, and addresses hidden.

    Characters that do not print, those that steer a terminal among them, become spaces.
    """
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    printable = "".join(char if char.isprintable() else " " for char in text)
    line = _SECRET.sub("***", " ".join(printable.split()))
    return line if len(line) <= _MAX_SHOWN_CHARS else f"{line[: _MAX_SHOWN_CHARS - 1]}…"


def retry_after_seconds(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header (RFC 9110 §10.2.3) asks to wait; None for what cannot be read."""
    if value is None:
        return None
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
