"""How large the body of a request may be, and how long it may take to arrive."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coding_agent.api.problems import ProblemError, problem_response

__all__ = ["MAX_BODY_BYTES", "BodyLimit", "read_body"]

MAX_BODY_BYTES = 64 * 1024
TIMEOUT_S = 30.0


class BodyLimit:
    """Refuses bodies over MAX_BODY_BYTES with 413 and late ones with 408, before anything is done for the request.

    The paths that `reads_itself` names take larger ones: their routes call `read_body` once they know who asks.
    """

    def __init__(self, app: ASGIApp, own_endings: tuple[str, ...]) -> None:
        self._app = app
        self._own_endings = own_endings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["method"] == "PATCH" or scope["path"].endswith(self._own_endings):
            await self._app(scope, receive, send)
            return
        try:
            body = await _read(Headers(scope=scope), receive, MAX_BODY_BYTES)
        except ProblemError as problem:
            answer = problem_response(problem.status, problem.code, problem.detail, headers=problem.headers)
            await answer(scope, receive, send)
            return
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        await self._app(scope, replay, send)


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Return the body. Raises ProblemError: 413 when it is larger, 408 when it does not arrive within 30 seconds."""
    return await _read(request.headers, request.receive, max_bytes)


async def _read(headers: Headers, receive: Receive, max_bytes: int) -> bytes:
    # What may still come of a refused body is not read.
    close = {"Connection": "close"}
    too_large = ProblemError(413, "body_too_large", f"The request body is larger than {max_bytes} bytes", close)
    announced = headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > max_bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > max_bytes:
                    raise too_large
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        detail = f"The request body did not arrive within {TIMEOUT_S:g} seconds: send it again"
        raise ProblemError(408, "body_too_slow", detail, close) from None
