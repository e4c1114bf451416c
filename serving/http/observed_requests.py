"""Each request once in the log and in the metrics, however it ends.

Its address is told as the route's template: what stands in paths and after `?` may be secret, and has no bounds.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.client_address import client_of
from serving.http.logs import REQUESTS
from serving.http.metrics import HttpMetrics, bounded_method
from serving.http.probes import POLLED
from serving.http.request_context import current_request

if TYPE_CHECKING:
    from serving.http.tracing import Tracing

__all__ = ["CLIENT_GONE", "UNMATCHED", "ObservedRequests"]

# As nginx has it: the client closed the connection before there was a response.
CLIENT_GONE = 499
UNMATCHED = "unmatched"
_FAILED = 500

_logger = logging.getLogger(REQUESTS)


class ObservedRequests:
    """Stands within RequestId, whose id it logs, and around all that may refuse a request."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics, tracing: Tracing | None) -> None:
        self._app = app
        self._metrics = metrics
        self._tracing = tracing
        self._addresses: frozenset[str] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def observed_receive() -> Message:
            nonlocal status
            message = await receive()
            if message["type"] == "http.disconnect" and not status:
                status = CLIENT_GONE
            return message

        async def observed_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start" and not status:
                status = message["status"]
            await send(message)

        self._begin(scope)
        try:
            await self._app(scope, observed_receive, observed_send)
        except Exception:
            status = _FAILED  # whatever was said before
            raise
        finally:
            self._end(scope, status or _FAILED, time.perf_counter() - began)

    def _begin(self, scope: Scope) -> None:
        self._metrics.begin()
        request = current_request()
        if self._tracing is not None and request is not None and scope["path"] not in POLLED:
            request.trace = self._tracing.begin(scope)

    def _end(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = self._template(scope), bounded_method(scope["method"])
        self._metrics.end(route, method, status, seconds)
        request = current_request()
        if request is not None and request.trace is not None:
            request.trace.end(route, method, status)
        level = logging.DEBUG if route in POLLED else logging.INFO
        if _logger.isEnabledFor(level):
            duration_ms = round(seconds * 1000, 2)
            told = {"method": method, "route": route, "status": status, "duration_ms": duration_ms}
            told |= {"client": client_of(scope)} | (request.noted if request is not None else {})
            summary = f": {request.summary}" if request is not None and request.summary else ""
            _logger.log(level, "%s %s %d in %.1f ms%s", method, route, status, duration_ms, summary, extra=told)

    def _template(self, scope: Scope) -> str:
        """The path as its route writes it; of a request that was refused before it was routed, where that is known."""
        route = scope.get("route")
        if route is not None:
            return str(getattr(route, "path", UNMATCHED))
        if self._addresses is None:
            self._addresses = _addresses(scope["app"])
        return scope["path"] if scope["path"] in self._addresses else UNMATCHED


def _addresses(app: FastAPI) -> frozenset[str]:
    """The paths of an application's routes that are paths as they stand."""
    paths = (getattr(context, "path", "") for context in iter_route_contexts(app.routes))
    return frozenset(path for path in paths if path and "{" not in path)
