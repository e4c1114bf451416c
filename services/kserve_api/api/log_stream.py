"""A followed log as server-sent events.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kserve_api.api.waiting import client_left
from kserve_api.apps.logs import LogEvent
from kserve_api.errors import ApiError
from kserve_api.observability.metrics import OPEN_STREAMS

__all__ = ["LogStream"]

# Proxies and load balancers close what is silent for a minute.
_HEARTBEAT_S = 15.0
# Who does not read for so long is gone, though its connection may still be there.
_SEND_S = 30.0


class LogStream(Response):
    """Sends events until they end, the client leaves or stops to read, the service stops, or `longest_s` are over."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[LogEvent, None], stopping: asyncio.Event, *, longest_s: float) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self.on_end: Callable[[], None] = _nothing
        self._events = events
        self._stopping = stopping
        self._longest_s = longest_s
        self._next: asyncio.Task[LogEvent | None] | None = None

    async def begin(self) -> None:
        """Wait a moment for the first event: what cannot be followed is refused like any request. Raises ApiError."""
        self._next = asyncio.create_task(self._step())
        done, _ = await asyncio.wait((self._next,), timeout=1.0)
        if done and (error := self._next.exception()) is not None:
            await self._events.aclose()
            raise error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream; HEAD gets its headers only."""
        OPEN_STREAMS.inc()
        leaving = asyncio.create_task(client_left(receive))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if not scope["state"]["is_head"]:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._longest_s):
                        await self._send_events(send, leaving, stopping)
            if not leaving.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._end(leaving, stopping)
            OPEN_STREAMS.dec()
            self.on_end()

    async def _send_events(self, send: Send, leaving: asyncio.Task[None], stopping: asyncio.Task[bool]) -> None:
        while True:
            if self._next is None:
                self._next = asyncio.create_task(self._step())
            waited = (self._next, leaving, stopping)
            done, _ = await asyncio.wait(waited, timeout=_HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if leaving in done or stopping in done:
                return
            if not done:
                await _send(send, ": still there\n\n")
                continue
            step, self._next = self._next, None
            try:
                event = step.result()
            except ApiError as error:
                await _send(send, _event("error", {"code": error.code, "message": error.message}))
                return
            if event is None:
                await _send(send, _event("end", {}))
                return
            await _send(send, _event(event.kind, {"text": event.text, "pod": event.pod}))

    async def _step(self) -> LogEvent | None:
        return await anext(self._events, None)

    async def _end(self, *tasks: asyncio.Task[None] | asyncio.Task[bool]) -> None:
        running = [task for task in (*tasks, self._next) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._events.aclose()


def _nothing() -> None:
    """Until there is something to be given back."""


async def _send(send: Send, text: str) -> None:
    async with asyncio.timeout(_SEND_S):
        await send({"type": "http.response.body", "body": text.encode("utf-8", "replace"), "more_body": True})


def _event(name: str, data: dict[str, str]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
