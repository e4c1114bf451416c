"""The key that client and service share."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.http.errors import problem_response

__all__ = ["ApiKey"]

_OPEN_PATHS = frozenset(("/livez", "/readyz", "/health"))


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
