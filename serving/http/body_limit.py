"""How large the body of a request may be, and how long it may take to arrive."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.errors import problem_response

__all__ = ["MAX_BODY_BYTES", "BodyLimit"]

MAX_BODY_BYTES = 512 * 1024


class BodyLimit:
    """Refuses bodies over MAX_BODY_BYTES with 413, whether announced or streamed; `advice` says what to do then.

    One that is not there after `timeout_s` seconds is refused with 408. Nothing is done for a request before.
    """

    def __init__(self, app: ASGIApp, advice: str, timeout_s: float) -> None:
        self._app = app
        self._advice = advice
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > MAX_BODY_BYTES:
            await self._refuse_large(scope, receive, send)
            return
        body = bytearray()
        try:
            async with asyncio.timeout(self._timeout_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    body += message.get("body", b"")
                    if len(body) > MAX_BODY_BYTES or not message.get("more_body", False):
                        break
        except TimeoutError:
            await self._refuse_slow(scope, receive, send)
            return
        if len(body) > MAX_BODY_BYTES:
            await self._refuse_large(scope, receive, send)
            return
        unread: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        await self._app(scope, replay, send)

    async def _refuse_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"The request body is larger than {MAX_BODY_BYTES // 1024} KiB: {self._advice}."
        await problem_response(413, detail)(scope, receive, send)

    async def _refuse_slow(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"The request body did not arrive within {self._timeout_s:g} seconds: send it again."
        # What may still come of it is not read.
        await problem_response(408, detail, headers={"Connection": "close"})(scope, receive, send)
