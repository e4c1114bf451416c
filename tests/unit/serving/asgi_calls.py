"""Requests to an ASGI application without a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message

__all__ = ["call"]


async def call(
    app: ASGIApp, path: str, method: str = "GET", headers: Mapping[str, str] | None = None, *, is_gone: bool = False
) -> int:
    """Return the status of the response; with `is_gone` the client has closed the connection before there is one."""
    statuses: list[int] = []
    given = [(name.lower().encode(), text.encode()) for name, text in (headers or {}).items()]
    plain, _, query = path.partition("?")
    scope: dict[str, Any] = {
        "type": "http", "method": method, "path": plain, "raw_path": plain.encode(), "query_string": query.encode(),
        "headers": given, "scheme": "http", "http_version": "1.1", "server": ("here", 80), "client": ("there", 1),
        "root_path": "",
    }  # fmt: skip
    messages: list[Message] = [{"type": "http.disconnect"}] if is_gone else [{"type": "http.request", "body": b""}]

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0] if statuses else 0
