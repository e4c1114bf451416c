"""One HTTP connection whose socket is known before its answer is, so that it can be cut while the server is silent."""

from __future__ import annotations

import socket
from contextlib import suppress

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import parse_url

__all__ = ["cut", "open_connection"]


def open_connection(url: str, *, connect_timeout_s: float, read_timeout_s: float) -> HTTPConnection:
    """Return a connection to the host of `url`; raises urllib3's HTTPError, or OSError."""
    parts = parse_url(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind((parts.host or "").strip("[]"), parts.port, timeout=connect_timeout_s)
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    connection.timeout = read_timeout_s
    return connection


def cut(connected: socket.socket) -> None:
    """End what goes on over a socket, in both directions: a read in another thread comes back, the server is told."""
    with suppress(OSError):  # the server has left before
        # Not SSLSocket's own, which takes the TLS state away from under the read.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
