"""Which IP addresses calls may go to: public ones, and what the operator allows beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

__all__ = ["Address", "allowed_addresses", "is_public"]

Address = IPv4Address | IPv6Address

# All unicast addresses that IANA gives out; 6to4 within them leads to IPv4 ones.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_SIX_TO_FOUR = IPv6Network("2002::/16")
# Not private to every version of Python: protocol assignments, and the relays of 6to4.
_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
# RFC 1918, RFC 4193, loopback.
_PRIVATE = tuple(
    ip_network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "::1", "fc00::/7")
)
# Clouds tell a machine its credentials here; no setting opens them.
_METADATA = tuple(
    ip_network(each) for each in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200", "168.63.129.16")
)


def is_public(address: Address) -> bool:
    """Return whether anybody on the internet means the same machine by it.

    Private, loopback, link-local (the metadata services of clouds), shared, multicast and reserved ones are not, nor
    are IPv6 forms that lead to an IPv4 address: mapped, NAT64, 6to4, Teredo.
    """
    if isinstance(address, IPv6Address) and (address not in _GLOBAL_UNICAST or address in _SIX_TO_FOUR):
        return False
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def allowed_addresses(*, public: bool, private: bool, networks: Sequence[str]) -> Callable[[str], bool]:
    """Return what tells whether an address, as text, may be connected to; metadata services never may."""
    opened = tuple(ip_network(each, strict=False) for each in networks) + (_PRIVATE if private else ())

    def is_allowed(text: str) -> bool:
        address = ip_address(text)
        if isinstance(address, IPv6Address) and address.scope_id is not None:
            return False
        if any(address in network for network in _METADATA):
            return False
        return (public and is_public(address)) or any(address in network for network in opened)

    return is_allowed
