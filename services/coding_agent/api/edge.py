"""What every answer has and every request leaves: an id, a line in the log, a measure, and no unexpected end."""

from __future__ import annotations

import logging
import re
import time
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coding_agent.api.problems import problem_response
from coding_agent.observability.context import REQUEST_ID
from coding_agent.observability.metrics import REQUEST_SECONDS

__all__ = ["Edge"]

# Without capitals, which nearly all keys and tokens have: the id stands in logs.
_CLIENT_ID = re.compile(r"[a-z0-9._-]{8,64}\Z")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_POLLED = frozenset({"/", "/healthz", "/readyz", "/metrics"})

_logger = logging.getLogger("coding_agent.requests")


class Edge:
    """Stands outside everything else. Addresses are told as their route's template: anything may stand in them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _CLIENT_ID.match(given) else uuid4().hex
        REQUEST_ID.set(request_id)
        state = scope.setdefault("state", {})
        began = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update(state.get("rate_headers", {}))
                headers.update({"X-Request-ID": request_id, "X-Content-Type-Options": "nosniff"})
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            _logger.exception("request failed")
            if status:
                raise
            detail = "The server failed to answer; the request id names the entry in its log"
            await problem_response(500, "internal_error", detail)(scope, receive, send_with_headers)
        finally:
            _tell(scope, status, time.perf_counter() - began)


def _tell(scope: Scope, status: int, seconds: float) -> None:
    route = str(getattr(scope.get("route"), "path", "unmatched"))
    method = scope["method"] if scope["method"] in _METHODS else "other"
    # 499: the client was gone before there was an answer.
    status = status or 499
    REQUEST_SECONDS.labels(method, route, str(status)).observe(seconds)
    told = {"method": method, "route": route, "status": status, "duration_ms": round(seconds * 1000, 1)}
    client = scope.get("state", {}).get("client")
    job_id = scope.get("path_params", {}).get("job_id") if status < 400 else None
    told |= {name: value for name, value in (("client", client), ("job_id", job_id)) if value is not None}
    level = logging.DEBUG if route in _POLLED and status < 400 else logging.INFO
    _logger.log(level, "%s %s %d", method, route, status, extra=told)
