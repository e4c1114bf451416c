"""How large the body of a request may be, how long it may take to arrive, and how long an answer may take."""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kserve_api.api.problems import problem_response
from kserve_api.errors import ApiError

__all__ = ["MAX_BODY_BYTES", "RequestLimits"]

MAX_BODY_BYTES = 256 * 1024
_ARRIVAL_S = 30.0
_STREAM = re.compile(r"/logs/[^/]+/stream")
# What may still come of a refused body is not read.
_CLOSE = {"Connection": "close"}


class RequestLimits:
    """Refuses bodies over 256 KiB (413), late ones (408), and ends what takes longer than `answer_s` (504).

    Requests that ask to wait have `wait_s` more; log streams have their own end.
    """

    def __init__(self, app: ASGIApp, answer_s: float, wait_s: float) -> None:
        self._app = app
        self._answer_s = answer_s
        self._wait_s = wait_s

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

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        if _STREAM.fullmatch(scope["path"]):
            await self._app(scope, replay, send)
        else:
            await self._answer(scope, replay, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        longest_s = self._answer_s + (self._wait_s if b"wait=" in scope["query_string"] else 0)
        limit = asyncio.timeout(longest_s)
        try:
            async with limit:
                await self._app(scope, receive, send_noting)
        except TimeoutError:
            if has_begun or not limit.expired():
                raise
            told = f"This was not done within {longest_s:g} seconds: look at what is there before you ask again"
            await problem_response(ApiError(504, "timeout", told))(scope, receive, send)


async def _read(headers: Headers, receive: Receive) -> bytes:
    announced = headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > MAX_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(_ARRIVAL_S):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > MAX_BODY_BYTES:
                    raise _too_large()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        told = f"The request body did not arrive within {_ARRIVAL_S:g} seconds: send it again"
        raise ApiError(408, "body_too_slow", told) from None


def _too_large() -> ApiError:
    return ApiError(413, "body_too_large", f"The request body is larger than {MAX_BODY_BYTES} bytes")
