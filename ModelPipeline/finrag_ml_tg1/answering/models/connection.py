"""One HTTP connection whose socket is known before its answer is, so that it can be cut while the server is silent."""

from __future__ import annotations

import socket
import threading
import time
import weakref
from contextlib import suppress

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import parse_url

__all__ = ["IdleConnections", "cut", "open_connection"]

# Servers close what is idle for longer, many after 60 or 75 seconds; one that closed it sooner is found out by a look.
_MOST_IDLE_S = 50.0
_MOST_KEPT = 16


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


class IdleConnections:
    """Connections whose last answer was read to its end, kept for the next request. Safe for use from several threads.

    To open one takes a round trip, and two more where it is encrypted.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[float, HTTPConnection]] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._kept)

    def take(self) -> HTTPConnection | None:
        """Return the one used last; None when there is none that its server is known to have kept as well."""
        while True:
            with self._lock:
                if not self._kept:
                    return None
                since, connection = self._kept.pop()
            if time.monotonic() - since <= _MOST_IDLE_S and connection.is_connected:
                return connection
            connection.close()

    def give(self, connection: HTTPConnection) -> None:
        """Keep a connection, or close it where enough are kept."""
        with self._lock:
            is_kept = connection.sock is not None and len(self._kept) < _MOST_KEPT
            if is_kept:
                self._kept.append((time.monotonic(), connection))
        if not is_kept:
            connection.close()


def _close_all(kept: list[tuple[float, HTTPConnection]]) -> None:
    while kept:
        kept.pop()[1].close()
