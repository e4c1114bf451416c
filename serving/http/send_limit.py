"""How long a client may take to read what it asked for."""

from __future__ import annotations

import asyncio
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SendLimit"]

_logger = logging.getLogger(__name__)


class _ClientTooSlowError(Exception):
    """The client does not read."""


class SendLimit:
    """Ends a response when the client takes more than `timeout_s` seconds to read on, so that what it holds is free.

    The server buffers some 64 KiB for a connection; beyond, sending waits until the client has read most of that. Its
    connection is closed, and the log says why.
    """

    def __init__(self, app: ASGIApp, timeout_s: float) -> None:
        self._app = app
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_too_slow = False

        async def send_in_time(message: Message) -> None:
            nonlocal is_too_slow
            if is_too_slow:
                raise _ClientTooSlowError
            try:
                async with asyncio.timeout(self._timeout_s):
                    await send(message)
            except TimeoutError:
                is_too_slow = True
                raise _ClientTooSlowError from None

        try:
            await self._app(scope, receive, send_in_time)
        except Exception:
            # What is raised may be a group, or another error that followed.
            if not is_too_slow:
                raise
            request_id = scope["state"]["request_id"]
            _logger.warning("request %s: the client did not read on in %g s", request_id, self._timeout_s)
