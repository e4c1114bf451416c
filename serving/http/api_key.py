"""The key that clients and service share, and the one before it while clients change over."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.http.errors import problem_response
from serving.http.probes import PROBES

__all__ = ["ApiKey"]

_DETAIL = "This API asks for a key: send it in one header X-API-Key."


class ApiKey:
    """Asks for one of `keys` in `X-API-Key` on every route but the probes."""

    def __init__(self, app: ASGIApp, keys: Iterable[str]) -> None:
        self._app = app
        # Digests are all of one length, so that a comparison's time tells nothing of the key's.
        self._digests = tuple(_digest(key.encode()) for key in keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["path"] not in PROBES:
            given = [value for name, value in scope["headers"] if name == b"x-api-key"]
            if len(given) != 1 or not self._is_known(given[0]):
                await problem_response(401, _DETAIL)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_known(self, given: bytes) -> bool:
        digest = _digest(given)
        # All keys are compared, whichever is the right one.
        return sum(hmac.compare_digest(digest, known) for known in self._digests) > 0


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
