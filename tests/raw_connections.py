"""Connections that do what no HTTP client does: they stop half-way, dawdle, or do not read."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

__all__ = ["connected", "query_bytes", "read_response"]


@contextmanager
def connected(url: str, count: int, *, receive_bytes: int | None = None) -> Iterator[list[socket.socket]]:
    """Open so many connections to a server; `receive_bytes` is how much of what is sent this side buffers."""
    parts = urlsplit(url)
    with ExitStack() as opened:
        connections = []
        for _ in range(count):
            connection = opened.enter_context(socket.socket())
            if receive_bytes is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            connection.settimeout(10)
            connection.connect((parts.hostname, parts.port))
            connections.append(connection)
        yield connections


def query_bytes(path: str, **fields: object) -> bytes:
    """Return a whole request that asks a question."""
    body = json.dumps(fields).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def read_response(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    received = b""
    while part := connection.recv(65_536):
        received += part
    return received
