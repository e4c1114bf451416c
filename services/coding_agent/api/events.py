"""A job as a stream of server-sent events: its log lines and its states, until it has ended.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from coding_agent.api.auth import Client
from coding_agent.api.problems import PROBLEMS, ProblemError
from coding_agent.api.schemas import JobView
from coding_agent.api.service import JobId, Service, ServiceDependency
from coding_agent.errors import CodingAgentError
from coding_agent.jobs.job import Job
from coding_agent.jobs.store import LogLine

__all__ = ["MAX_STREAMS", "router"]

router = APIRouter(responses=PROBLEMS, tags=["jobs"])

MAX_STREAMS = 100
_POLL_S = 1.0
# Proxies and load balancers close what is silent for a minute.
_HEARTBEAT_S = 15.0
_LINES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _News:
    job: Job
    lines: tuple[LogLine, ...]


@router.get(
    "/jobs/{job_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {}}}}},
)
async def events(
    job_id: JobId,
    service: ServiceDependency,
    client: Client,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> StreamingResponse:
    """Follow a job: `log` events (their id is the line's number), `status` events, and `end` as the last.

    With `Last-Event-ID` the log goes on after that line. A stream that ends without `end` is to be opened again.
    """
    after = int(last_event_id) if last_event_id is not None and last_event_id.isdecimal() else 0
    first = await _news(service, job_id, after)
    if len(service.streams) >= MAX_STREAMS:
        detail = f"There are {MAX_STREAMS} streams already: ask for the job's state instead, or later"
        raise ProblemError(503, "too_many_streams", detail, {"Retry-After": "10"})
    stream = object()
    service.streams.add(stream)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = _Streaming(_follow(service, job_id, after, first), media_type="text/event-stream", headers=headers)
    response.on_end = partial(service.streams.discard, stream)
    return response


class _Streaming(StreamingResponse):
    """Says when it has ended, even if the client was gone before the first event."""

    on_end: partial[None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.on_end()


async def _follow(service: Service, job_id: str, after: int, news: _News) -> AsyncIterator[str]:
    seen: Job | None = None
    loop = asyncio.get_running_loop()
    spoke = loop.time()
    while True:
        for line in news.lines:
            after = line.number
            yield _event("log", {"number": line.number, "at": line.at, "text": line.text}, event_id=line.number)
        if news.job != seen:
            seen = news.job
            yield _event("status", JobView.of(seen).model_dump(mode="json"))
            spoke = loop.time()
        if news.lines:
            spoke = loop.time()
        has_more = len(news.lines) == _LINES_AT_ONCE
        if news.job.has_ended and not news.lines:
            yield _event("end", {"status": news.job.status})
            return
        if loop.time() - spoke >= _HEARTBEAT_S:
            spoke = loop.time()
            yield ": still there\n\n"
        if not has_more and not news.job.has_ended:
            with suppress(TimeoutError):
                await asyncio.wait_for(service.stopping.wait(), _POLL_S)
            if service.stopping.is_set():
                return
        try:
            news = await _news(service, job_id, after)
        except CodingAgentError:
            return  # the store is gone, or the job: who opens the stream again is told which


async def _news(service: Service, job_id: str, after: int) -> _News:
    return await to_thread.run_sync(_read, service, job_id, after, limiter=service.stream_reads)


def _read(service: Service, job_id: str, after: int) -> _News:
    # The state first: lines that a job wrote before its end are then among those read, or among the next.
    job = service.store.get(job_id)
    return _News(job, tuple(service.store.read_log(job_id, after=after)[:_LINES_AT_ONCE]))


def _event(name: str, data: object, *, event_id: int | None = None) -> str:
    identified = "" if event_id is None else f"id: {event_id}\n"
    return f"{identified}event: {name}\ndata: {json.dumps(data)}\n\n"
