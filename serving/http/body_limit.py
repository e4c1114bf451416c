"""How large the body of a request may be."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.errors import problem_response

__all__ = ["BodyLimit"]

MAX_BODY_BYTES = 512 * 1024


class BodyLimit:
    """Refuses bodies over MAX_BODY_BYTES with 413, whether announced or streamed; `advice` says what to do then."""

    def __init__(self, app: ASGIApp, advice: str) -> None:
        self._app = app
        self._advice = advice

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > MAX_BODY_BYTES:
            await self._refuse(scope, receive, send)
            return
        body = b""
        has_more = True
        while has_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            has_more = message.get("more_body", False)
            if len(body) > MAX_BODY_BYTES:
                await self._refuse(scope, receive, send)
                return
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        await self._app(scope, replay, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"The request body is larger than {MAX_BODY_BYTES // 1024} KiB: {self._advice}."
        await problem_response(413, detail)(scope, receive, send)
