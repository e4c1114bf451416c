"""Connections of calls: an address is checked when it is connected to.

A name that is checked first and resolved again for the connection may mean another machine by then (DNS rebinding). So
a name is resolved once, every address that it has is checked, and the connection goes to one of these. TLS and the Host
header still name the host.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpcore

__all__ = ["AddressRefusedError", "GuardedBackend", "Resolve", "resolve"]

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Of addresses that one name has, and the wait for each: one that does not answer leaves time for the others.
_MOST_ADDRESSES = 8
_CONNECT_S = 10.0
# An event loop's own threads are four to six: names that somebody lets take long would hold up those of all others.
_LOOK_UPS = ThreadPoolExecutor(64, thread_name_prefix="look-up")


class AddressRefusedError(Exception):
    """The host's name leads into a network that calls do not go to."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, as the system finds them. Raises OSError."""
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOK_UPS, look_up)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that `is_allowed` lets through."""

    def __init__(self, resolve: Resolve, is_allowed: Callable[[str], bool]) -> None:
        self._resolve = resolve
        self._is_allowed = is_allowed
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to the first address that answers. Raises AddressRefusedError if any is refused."""
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} has no address: {error}") from error
        for address in addresses:
            # One private address among public ones is an attack, or a mistake that somebody should hear of.
            if not self._is_allowed(address):
                raise AddressRefusedError(f"{host} leads to {address}, where calls may not go")
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        wait = _CONNECT_S if timeout is None else min(_CONNECT_S, timeout)
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return await self._backend.connect_tcp(address, port, wait, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure
