"""How large the body of a request may be, how long it may take to arrive, and how long an answer may take."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scheduler.api.problems import problem_response
from scheduler.errors import ApiError

__all__ = ["MAX_REQUEST_BYTES", "RequestLimits"]

MAX_REQUEST_BYTES = 2 * 1024 * 1024
_ARRIVAL_S = 30.0
_ANSWER_S = 30.0
# What may still come of a refused body is not read.
_CLOSE = {"Connection": "close"}


class RequestLimits:
    """Refuses bodies over 2 MiB (413) and late ones (408), and ends what takes longer than 30 s (504)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await _read(Headers(scope=scope), receive)
        except ApiError as error:
            await problem_response(error, _CLOSE)(scope, receive, send)
            return
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        has_begun = False

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        async def send_noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        limit = asyncio.timeout(_ANSWER_S)
        try:
            async with limit:
                await self._app(scope, replay, send_noting)
        except TimeoutError:
            if has_begun or not limit.expired():
                raise
            told = f"This was not done within {_ANSWER_S:g} seconds: look at what is there before you ask again"
            await problem_response(ApiError(504, "timeout", told))(scope, receive, send)


async def _read(headers: Headers, receive: Receive) -> bytes:
    announced = headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > MAX_REQUEST_BYTES:
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(_ARRIVAL_S):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > MAX_REQUEST_BYTES:
                    raise _too_large()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        told = f"The request body did not arrive within {_ARRIVAL_S:g} seconds: send it again"
        raise ApiError(408, "body_too_slow", told) from None


def _too_large() -> ApiError:
    return ApiError(413, "body_too_large", f"The request body is larger than {MAX_REQUEST_BYTES} bytes")
