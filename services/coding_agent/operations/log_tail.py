"""The end of the service's log in CloudWatch: each JSON object as a line for people."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from coding_agent.operations.doctor.aws_deployment import Deployment

__all__ = ["LogQuery", "follow", "line_of", "tail"]

_POLL_S = 2.0
# CloudWatch takes events in some seconds late and out of order.
_LATE_MS = 10_000
_HIDDEN = frozenset({"timestamp", "level", "logger", "message", "job_id", "_aws"})


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which events: of this group, since then (milliseconds since 1970), of one job or of all."""

    group: str
    since_ms: int
    job_id: str | None = None


def tail(deployment: Deployment, query: LogQuery, lines: int) -> tuple[list[str], set[str], int]:
    """Return the last lines, the ids of all events read, and the time of the newest (milliseconds since 1970)."""
    last: deque[str] = deque(maxlen=lines)
    seen: set[str] = set()
    newest = query.since_ms
    for identity, at, message in _events(deployment, query):
        last.append(line_of(message, at))
        seen.add(identity)
        newest = max(newest, at)
    return list(last), seen, newest


def follow(
    deployment: Deployment,
    query: LogQuery,
    seen: set[str],
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """Yield lines as they come, for so many seconds at most; events whose ids are in `seen` were told before."""
    deadline = time.monotonic() + seconds
    since = query.since_ms
    while True:
        newest = since
        known: set[str] = set()
        for identity, at, message in _events(deployment, LogQuery(query.group, max(0, since - _LATE_MS), query.job_id)):
            known.add(identity)
            newest = max(newest, at)
            if identity not in seen:
                yield line_of(message, at)
        # Those of the next look are among these or new, so that the set does not grow.
        seen, since = known | (seen if newest == since else set()), newest
        if time.monotonic() + _POLL_S > deadline:
            return
        sleep(_POLL_S)


def line_of(message: str, at_ms: int) -> str:
    """Return an event as one printable line; what is no JSON object is told as it is."""
    at = f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    try:
        entry = json.loads(message)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        return f"{at} {_printable(message)}"
    parts = [at, f"{entry.get('level', ''):<7}"]
    if entry.get("job_id"):
        parts.append(f"[{entry['job_id']}]")
    parts.append(str(entry.get("message", "")))
    parts += [f"{name}={value}" for name, value in entry.items() if name not in _HIDDEN and value is not None]
    return _printable(" ".join(parts))


def _events(deployment: Deployment, query: LogQuery) -> Iterator[tuple[str, int, str]]:
    pages = deployment.logs.get_paginator("filter_log_events").paginate(
        logGroupName=query.group, startTime=query.since_ms, interleaved=True
    )
    for page in pages:
        for event in page["events"]:
            message = event["message"]
            # CloudWatch's own patterns need an exact form of JSON; the id is looked for in the text instead.
            if query.job_id is None or query.job_id in message:
                yield event["eventId"], event["timestamp"], message


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text.strip())
