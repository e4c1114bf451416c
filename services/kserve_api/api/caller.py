"""Who asks, and from where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

from kserve_api.api.tenants import Role, Tenant

__all__ = ["Caller", "client_address", "is_local"]

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
_MOST_HOPS = 16


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated client: its tenant, its role there, and by which key or token it is known."""

    tenant: Tenant
    role: Role
    subject: str  # `key:NAME`, `jwt:SUB` or `local`.


def is_local(scope: Scope) -> bool:
    """Whether a request comes straight from this machine, and not by a page that a browser here shows.

    A proxy on this machine says for whom it asks. A page of another site names that site as the host, or as the origin
    of what it sends to this one; programs send no origin, and our own page sends nothing.
    """
    peer = _address(_peer(scope))
    headers = Headers(scope=scope)
    host = headers.get("host", "").lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    is_for_others = any(each in headers for each in (*_FORWARDED, "origin"))
    return peer is not None and peer.is_loopback and name in _LOCAL_NAMES and not is_for_others


def client_address(scope: Scope, trusted: Sequence[str]) -> str:
    """Return the address of the client: X-Forwarded-For is believed as far back as trusted proxies wrote it."""
    address = _peer(scope)
    written = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
    hops = [hop.strip() for hop in written.split(",") if hop.strip()][-_MOST_HOPS:]
    while hops and _is_trusted(address, tuple(trusted)):
        hop = _address(hops.pop())
        if hop is None:
            break
        address = str(hop)
    return address


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


@lru_cache(maxsize=1024)
def _is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    parsed = _address(address)
    return parsed is not None and any(parsed in network for network in _networks(trusted))


@lru_cache(maxsize=8)
def _networks(trusted: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each) for each in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
