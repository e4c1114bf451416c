"""Whose request it is: the address that limits and logs go by, which its sender cannot choose.

`X-Forwarded-For` is a list that every proxy adds its own peer to, at the right; what stands further left may have been
written by anybody. So it is read from the right, only when the peer is a trusted proxy, and only as far as the trusted
proxies reach. uvicorn must run with `--no-proxy-headers`: by default it believes any process on this machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["UNKNOWN", "ClientAddress", "client_of"]

UNKNOWN = "unknown"

_STATE_KEY = "client"
_ENTRY = re.compile(r"\[([^\]]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}|([^\[\]]+)")
_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


class ClientAddress:
    """Finds each request's client once, for `client_of`."""

    def __init__(self, app: ASGIApp, trusted_proxies: Iterable[str]) -> None:
        self._app = app
        self._trusted = tuple(ip_network(network) for network in trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            scope.setdefault("state", {})[_STATE_KEY] = _find_client(scope, self._trusted)
        await self._app(scope, receive, send)


def client_of(scope: Scope) -> str:
    """Return the address of the client, as Python writes it; "unknown" where the server told none. Never raises."""
    address: str = scope.get("state", {}).get(_STATE_KEY, UNKNOWN)
    return address


def _find_client(scope: Scope, trusted: tuple[_Network, ...]) -> str:
    peer = scope.get("client")
    client = _parse(peer[0]) if peer else None
    if client is None:
        return UNKNOWN  # as behind a Unix socket: there is nobody to trust
    for forwarded in _from_the_right(scope):
        if not any(client in network for network in trusted):
            break
        named = _parse(forwarded)
        if named is None:
            break
        client = named
    return str(client)


def _from_the_right(scope: Scope) -> Iterator[str]:
    for name, value in reversed(scope["headers"]):
        if name == b"x-forwarded-for":
            yield from reversed(value.decode("latin-1").split(","))


def _parse(text: str) -> _Address | None:
    """Return the address in `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`, else None.

    An IPv4 address inside an IPv6 one counts as itself; the zone of a link-local address says nothing outside its host.
    """
    entry = _ENTRY.fullmatch(text.strip())
    host = next((part for part in entry.groups() if part), "") if entry else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
