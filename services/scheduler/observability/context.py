"""What belongs to the request or call that is being served, wherever in the code one is."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["REQUEST_ID"]

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
