"""Connections of callbacks: an address is checked when it is connected to, and all of a try ends in time.

A name that is checked first and resolved again for the connection may mean another machine by then (DNS rebinding). So
a name is resolved once, every address that it has is checked, and the connection goes to one of these. TLS and the Host
header still name the host.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address

import httpcore

from coding_agent.callbacks.address import is_public

__all__ = ["AddressRefusedError", "GuardedBackend", "resolve"]

# Of addresses that one name has.
_MOST_ADDRESSES = 8


class AddressRefusedError(Exception):
    """The host's name leads into a network that callbacks do not go to."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, as the system finds them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to public addresses only (to loopback too, if allowed); nothing waits beyond `deadline` (monotonic)."""

    def __init__(self, resolve: Callable[[str, int], Sequence[str]], *, allow_loopback: bool, deadline: float) -> None:
        self._resolve = resolve
        self._allow_loopback = allow_loopback
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection to the first address that answers. Raises AddressRefusedError if any is refused."""
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} has no address: {error}") from error
        for address in addresses:
            # One private address among public ones is an attack, or a mistake that somebody should hear of.
            if not self._is_allowed(address):
                raise AddressRefusedError(f"{host} leads to {address}, where callbacks do not go")
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                stream = self._backend.connect_tcp(
                    address, port, _left(self._deadline, timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure

    def _is_allowed(self, address: str) -> bool:
        ip = ip_address(address)
        return is_public(ip) or (self._allow_loopback and ip.is_loopback)


class _TimedStream(httpcore.NetworkStream):
    """A connection of which no wait goes beyond the deadline: who sends a byte now and then does not hold us."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.TimeoutException("the receiver took too long")
    return left if timeout is None else min(left, timeout)
