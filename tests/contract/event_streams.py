"""Server-Sent Events read from a response, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

__all__ = ["SentEvent", "ask_streaming", "read_events", "streaming"]


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event: its name, and what it carries. A comment has the name ""."""

    name: str
    data: Any


@contextmanager
def streaming(client: httpx.Client, question: str, **fields: object) -> Iterator[httpx.Response]:
    """Ask for a stream; gives the response before its body is read."""
    with client.stream("POST", "/query/stream", json={"question": question, **fields}) as response:
        yield response


def ask_streaming(client: httpx.Client, question: str, **fields: object) -> list[SentEvent]:
    """Return all events of an answer."""
    with streaming(client, question, **fields) as response:
        assert response.status_code == httpx.codes.OK, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        return list(read_events(response))


def read_events(response: httpx.Response) -> Iterator[SentEvent]:
    """Yield the events as they arrive."""
    name, data = "", ""
    for line in response.iter_lines():
        if line.startswith(":"):
            yield SentEvent("", line[1:].strip())
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data += line.removeprefix("data: ")
        elif not line and name:
            yield SentEvent(name, json.loads(data))
            name, data = "", ""
