"""A question asked as a stream, with the time at which each event arrived: the only way to see what a proxy holds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.operations.connection_problems import problem_of

__all__ = ["Event", "Stream", "StreamError", "ask_streaming"]

_TIMEOUT = urllib3.Timeout(connect=3.0, read=8.0)
_MOST_BYTES = 4_000_000
_MOST_S = 12.0


class StreamError(FinRAGError):
    """The stream could not be read to its end."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, and the ms from the request to its arrival."""

    name: str
    data: bytes
    ms: float

    def object(self) -> dict[str, Any]:
        """Return the JSON object it carries, empty when it carries none."""
        try:
            content = json.loads(self.data)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer as it arrived; without events when the status is not 200 or it is no event stream."""

    status: int
    headers: Mapping[str, str]
    events: tuple[Event, ...]


def ask_streaming(url: str, content: Mapping[str, object], headers: Mapping[str, str]) -> Stream:
    """Return how the answer to one question arrived; raises StreamError when the connection fails or it takes long."""
    began = time.perf_counter()
    sent = {"Content-Type": "application/json", "Accept": "text/event-stream", **headers}
    try:
        with urllib3.PoolManager(timeout=_TIMEOUT, retries=False) as pool:
            response = pool.request(
                "POST",
                f"{url}/query/stream",
                body=json.dumps(content).encode(),
                headers=sent,
                redirect=False,
                preload_content=False,
            )
            names = {name.lower(): value for name, value in response.headers.items()}
            is_stream = response.status == 200 and names.get("content-type", "").startswith("text/event-stream")
            events = tuple(_events(response, began)) if is_stream else ()
            response.close()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise StreamError(f"POST /query/stream: {problem_of(error)}") from error
    return Stream(response.status, names, events)


def _events(response: urllib3.BaseHTTPResponse, began: float) -> Iterator[Event]:
    kept, size = b"", 0
    while piece := response.read1():
        ms = 1000 * (time.perf_counter() - began)
        size += len(piece)
        if size > _MOST_BYTES or ms > 1000 * _MOST_S:
            raise StreamError(f"the stream had not ended after {size:,} bytes and {ms / 1000:.0f} s")
        *blocks, kept = (kept + piece).replace(b"\r\n", b"\n").split(b"\n\n")
        for block in blocks:
            lines = [line.partition(b":") for line in block.split(b"\n")]
            name = next((value.strip().decode() for field, _, value in lines if field == b"event"), "")
            if name:
                yield Event(name, b"\n".join(value.strip() for field, _, value in lines if field == b"data"), ms)
