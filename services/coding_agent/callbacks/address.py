"""Which addresses a callback may go to: https, by name, to a host that is allowed, and never into a private network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

from coding_agent.errors import CodingAgentError
from coding_agent.settings import Settings

__all__ = ["CallbackAddress", "check_callback_url", "is_public", "may_be_loopback"]

_MOST_CHARS = 2000
# Printable ASCII without what parsers of addresses disagree about.
_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'()*+,\-./:;=?@\[\]_~]+\Z")
# At least two labels; a last label that is a number would be an address in one of its old spellings.
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
# All unicast addresses that IANA gives out; 6to4 within them leads to IPv4 ones.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_SIX_TO_FOUR = IPv6Network("2002::/16")
# Not private to every version of Python: protocol assignments, and the relays of 6to4.
_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))


@dataclass(frozen=True, slots=True)
class CallbackAddress:
    """A checked address, in the parts that a request is made of; it is never parsed again."""

    scheme: str
    host: str
    port: int
    target: str


def check_callback_url(url: str, settings: Settings) -> CallbackAddress:
    """Return the address if callbacks may go there, as far as that can be told without asking DNS.

    Raises CodingAgentError: `callbacks_off` (no secret is set), `bad_callback_url`, `callback_host_not_allowed`.
    """
    if settings.callback_secret is None:
        raise CodingAgentError(
            "callbacks_off", "This service sends no callbacks: CODING_AGENT_CALLBACK_SECRET is not set"
        )
    address = _parse(url)
    if may_be_loopback(settings) and address.host in _LOOPBACK_HOSTS:
        return address
    if address.scheme != "https":
        raise _bad("it must begin with https://")
    if not _NAME.match(address.host):
        raise _bad("its host must be a full name such as app.example.com, not an address")
    if settings.callback_hosts and address.host not in {host.lower() for host in settings.callback_hosts}:
        raise CodingAgentError(
            "callback_host_not_allowed", f"Callbacks may not go to {address.host}: CODING_AGENT_CALLBACK_HOSTS lacks it"
        )
    return address


def may_be_loopback(settings: Settings) -> bool:
    """Return whether callbacks may go to this machine: in development, where a setting says so."""
    return settings.environment == "development" and settings.callback_insecure


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether anybody on the internet means the same machine by it.

    Private, loopback, link-local (the metadata services of clouds), shared, multicast and reserved ones are not, nor
    are IPv6 forms that lead to an IPv4 address: mapped, NAT64, 6to4, Teredo.
    """
    if isinstance(address, IPv6Address) and (address not in _GLOBAL_UNICAST or address in _SIX_TO_FOUR):
        return False
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _parse(url: str) -> CallbackAddress:
    if len(url) > _MOST_CHARS:
        raise _bad(f"it has more than {_MOST_CHARS} characters")
    if not _PLAIN.match(url):
        raise _bad("it holds spaces or characters that must be percent-encoded")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        raise _bad("it is not an address") from None
    if parts.scheme not in ("https", "http") or not host:
        raise _bad("it must begin with https:// and a host")
    if "@" in parts.netloc:
        raise _bad("it must hold no user name or password")
    if parts.fragment or port == 0:
        raise _bad("it must hold no fragment and no port 0")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return CallbackAddress(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), target)


def _bad(why: str) -> CodingAgentError:
    return CodingAgentError("bad_callback_url", f"callback_url cannot be used: {why}")
