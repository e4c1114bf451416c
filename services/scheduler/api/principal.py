"""Who asks, from where, and which workspaces are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

__all__ = ["LOCAL", "Principal", "Role", "client_address", "is_from_other_site", "is_local"]

Role = Literal["member", "admin"]

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
_MOST_HOPS = 16


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated client. `name` is that of its key; `workspaces` None stands for all of them.

    `session` is set for people who signed in on the pages: their forms carry a token made of it.
    """

    name: str
    role: Role
    workspaces: frozenset[str] | None
    session: str = ""

    def may_see(self, workspace_id: str) -> bool:
        """Whether a workspace is theirs: exactly this one, no part of a name counts."""
        return self.workspaces is None or workspace_id in self.workspaces


LOCAL = Principal("local", "admin", None, session="local")


def is_local(scope: Scope) -> bool:
    """Whether a request comes straight from this machine, and was not made by a page of another site.

    A proxy on this machine says for whom it asks. A page whose name was made to lead here (DNS rebinding) names itself
    as the host; a page of another site is told by the browser, as the origin of what it sends.
    """
    headers = Headers(scope=scope)
    peer = _address(_peer(scope))
    is_direct = peer is not None and peer.is_loopback and not any(each in headers for each in _FORWARDED)
    name = _host_name(f"//{headers.get('host', '')}")
    return is_direct and name in _LOCAL_NAMES and not is_from_other_site(scope)


def is_from_other_site(scope: Scope) -> bool:
    """Whether a browser says that a page of another site sends this. Programs say nothing; a link is no sending."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if origin is not None:
        # One that cannot be read is no browser's, and not ours.
        try:
            return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
        except ValueError:
            return True
    fetched = headers.get("sec-fetch-site", "none")
    return fetched not in {"none", "same-origin"} and headers.get("sec-fetch-mode") != "navigate"


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


def _host_name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


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
