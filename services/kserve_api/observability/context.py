"""What belongs to the request that is being served, wherever in the code one is."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["REQUEST_ID", "SECRETS"]

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
# Secrets that this request carries: they are hidden in whatever is written while it is served.
SECRETS: ContextVar[tuple[str, ...]] = ContextVar("secrets", default=())
