"""Which hosts filings may be fetched from: those on the public internet, or this very machine as in tests.

A mirror's name that leads into the private network, or to a cloud's metadata service, must not make this program fetch
from there. Whoever changes the name's address after this look at it still lacks the certificate of that name.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from finrag_ml_tg1.filings.edgar.refusals import EdgarUnavailableError
from finrag_ml_tg1.loaders.loopback import is_loopback

__all__ = ["addresses_of", "check_public"]

# IPv4 addresses as networks without IPv4 write them (RFC 6052).
_NAT64 = ip_network("64:ff9b::/96")


def check_public(url: str, addresses: Callable[[str], Iterable[str]]) -> None:
    """Raise EdgarUnavailableError when the host of `url` is neither this machine by name nor on the public internet.

    `addresses` gives those of a host. Where the environment names a proxy for `url`, the look-up is the proxy's.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or _has_proxy(parts.scheme, host):
        return
    for address in addresses(host):
        if not _is_public(address):
            raise EdgarUnavailableError(
                f"{host} leads to {address}, which is not on the public internet and is not asked: check "
                "FINRAG_SEC_URL and this network's name service"
            )


def addresses_of(host: str) -> list[str]:
    """Return the addresses of a host; none when they cannot be found, which the connection will tell better."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(entry[4][0]) for entry in found]


def _has_proxy(scheme: str, host: str) -> bool:
    return bool(getproxies().keys() & {scheme, "all"}) and not proxy_bypass(host)


def _is_public(text: str) -> bool:
    address = _plain(ip_address(text.partition("%")[0]))
    return address.is_global and not address.is_multicast


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one, where there is one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
