"""Cursors of a list of jobs: the number that a job got when it was submitted, which no later job changes."""

from __future__ import annotations

import re

from coding_agent.errors import CodingAgentError

__all__ = ["from_cursor", "to_cursor"]

_CURSOR = re.compile(r"[1-9][0-9]{0,14}\Z")


def to_cursor(number: int) -> str:
    """Return the cursor behind the job with this number."""
    return str(number)


def from_cursor(cursor: str) -> int:
    """Return the number. Raises CodingAgentError `bad_cursor`."""
    if not _CURSOR.match(cursor):
        raise CodingAgentError("bad_cursor", "The cursor is not one that a list of jobs gave as next_cursor")
    return int(cursor)
