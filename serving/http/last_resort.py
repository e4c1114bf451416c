"""The answer to a failure nobody expected."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.errors import UNEXPECTED, problem_response

__all__ = ["LastResort"]

_logger = logging.getLogger(__name__)


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
            # Not its address, in which anything may stand: the request's own line names the route.
            _logger.exception("request %s failed", scope["state"]["request_id"])
            if has_started:
                raise
            await problem_response(500, UNEXPECTED)(scope, receive, send)
