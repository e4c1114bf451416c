"""What every request passes: its id, the answer to a failure nobody expected, the limit of its body, the shared key."""

from __future__ import annotations

import hmac
import logging
import re
from uuid import uuid4

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.errors import UNEXPECTED, problem_response

__all__ = ["ApiKey", "BodyLimit", "LastResort", "RequestId", "add_middleware"]

MAX_BODY_BYTES = 512 * 1024

_CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_OPEN_PATHS = frozenset(("/livez", "/readyz", "/health"))

_logger = logging.getLogger(__name__)


def add_middleware(app: Starlette, key: SecretStr | None, *, too_large_advice: str) -> None:
    """Have every request pass all of them, in the order that lets each refusal carry the request's id."""
    if key is not None:
        app.add_middleware(ApiKey, key=key.get_secret_value())
    app.add_middleware(BodyLimit, advice=too_large_advice)
    app.add_middleware(LastResort)
    app.add_middleware(RequestId)


class RequestId:
    """Gives each request an id (the client's own when it is well-formed) and returns it as `X-Request-ID`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _CLIENT_ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        await self._app(scope, receive, send_with_id)


class LastResort:
    """Answers a failure nobody expected with a problem, and logs it under the request's id.

    Starlette's own handler stands outside all middleware, where the response would go without its id.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def observed_send(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, observed_send)
        except Exception:
            _logger.exception("request %s failed: %s %r", scope["state"]["request_id"], scope["method"], scope["path"])
            if has_started:
                raise
            await problem_response(500, UNEXPECTED)(scope, receive, send)


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


class ApiKey:
    """Asks for `X-API-Key` on every route but the probes."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["path"] not in _OPEN_PATHS:
            given = Headers(scope=scope).get("x-api-key", "").encode()
            if not hmac.compare_digest(given, self._key):
                detail = "This API asks for a key: send it in the header X-API-Key."
                await problem_response(401, detail)(scope, receive, send)
                return
        await self._app(scope, receive, send)
