"""What every answer has and every request leaves: an id, a line in the log, a measure, an audit record where due."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scheduler.api.measures import REQUEST_SECONDS, REQUESTS
from scheduler.api.principal import Principal, client_address
from scheduler.api.problems import problem_response
from scheduler.errors import ApiError
from scheduler.observability.audit import AuditRecord, write_audit
from scheduler.observability.context import REQUEST_ID

__all__ = ["Edge"]

# Without capitals, which nearly all keys and tokens have: the id stands in logs.
_CLIENT_ID = re.compile(r"[a-z0-9._-]{8,64}\Z")
_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE"})
_CHANGING = frozenset({"POST", "PATCH", "DELETE"})
_POLLED = frozenset({"/", "/health", "/ready", "/internal/metrics"})
_GONE = 499  # The client was gone before there was an answer.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}

_logger = logging.getLogger("scheduler.requests")


class Edge:
    """Stands outside everything else. HEAD is answered as GET is, by the server without the body."""

    def __init__(self, app: ASGIApp, trusted_proxies: Sequence[str]) -> None:
        self._app = app
        self._trusted_proxies = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _CLIENT_ID.match(given) else uuid4().hex
        REQUEST_ID.set(request_id)
        # A copy: the server looks into its own to leave the body of HEAD out.
        scope = {**scope, "method": "GET" if scope["method"] == "HEAD" else scope["method"]}
        scope["state"] = dict(scope.get("state", {}))
        began = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            _logger.exception("request failed")
            if status:
                raise
            told = "The service failed to answer: the request id names the entry in its log"
            await problem_response(ApiError(500, "internal_error", told))(scope, receive, send_with_headers)
        finally:
            self._tell(scope, status or _GONE, time.perf_counter() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        # The route's template: in an address itself anything may stand.
        route = str(getattr(scope.get("route"), "path", "unmatched"))
        method = scope["method"] if scope["method"] in _METHODS else "other"
        REQUESTS.labels(method, route, str(status)).inc()
        REQUEST_SECONDS.labels(method, route).observe(seconds)
        state = scope["state"]
        told: dict[str, object] = {"method": method, "route": route, "status": status}
        told["duration_ms"] = round(seconds * 1000, 1)
        principal: Principal | None = state.get("principal")
        if principal is not None:
            told["subject"] = principal.name
        if "error_code" in state:
            told["error_code"] = state["error_code"]
        level = logging.DEBUG if route in _POLLED and status < 400 else logging.INFO
        _logger.log(level, "%s %s %d", method, route, status, extra=told)
        if record := _audited(scope, route, status, principal):
            record.client = client_address(scope, self._trusted_proxies)
            record.status = status
            record.error_code = state.get("error_code", "")
            write_audit(record)


def _audited(scope: Scope, route: str, status: int, principal: Principal | None) -> AuditRecord | None:
    """What is to be audited: changes, whatever became of them, and refused credentials."""
    if status == 401 or scope["state"].get("error_code") == "local_only":
        return AuditRecord("authenticate")
    if scope["method"] not in _CHANGING or status in {404, 405} or "route" not in scope:
        return None
    place = scope.get("path_params", {})
    record = AuditRecord(f"{scope['method'].lower()} {route}")
    record.subject = scope["state"].get("signed_in") or (principal.name if principal is not None else "")
    record.workspace = str(place.get("workspace_id", ""))[:64]
    record.target = str(place.get("key", place.get("job_id", "")))[:200]
    return record
