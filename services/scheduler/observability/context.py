"""What belongs to the request or the execution that is being served, wherever in the code one is."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["EXECUTION_ID", "REQUEST_ID", "SECRETS"]

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
# The target gets it as Idempotency-Key, and the record has it: the log's correlation id.
EXECUTION_ID: ContextVar[str | None] = ContextVar("execution_id", default=None)
# Secrets that are being handled: they are hidden in whatever is logged meanwhile.
SECRETS: ContextVar[tuple[str, ...]] = ContextVar("secrets", default=())
