"""SC-05: calls go to public addresses, or where the operator lets them, and never to a machine's metadata."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from scheduler.calls.addresses import allowed_addresses, is_public
from scheduler.settings import Settings

_INNER = (
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.168.1.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::a00:1",
    "2001::1",
    "2001:db8::1",
    "2002:a00:1::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "ff02::1",
)
_default = allowed_addresses(public=True, private=False, networks=())
_private = allowed_addresses(public=True, private=True, networks=())


@pytest.mark.parametrize("address", _INNER)
def test_address_is_refused_when_it_is_not_everybodys(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not _default(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "172.15.255.255", "172.32.0.1"])
def test_address_is_taken_when_it_is_public(address: str) -> None:
    assert _default(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.9", "::1", "fd12::1"])
def test_private_address_is_taken_when_a_setting_allows_it(address: str) -> None:
    assert _private(address)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "100.100.100.200", "::ffff:169.254.169.254"],
)
def test_metadata_is_refused_whatever_is_allowed(address: str) -> None:
    everything = allowed_addresses(public=True, private=True, networks=("0.0.0.0/0", "fd00::/8"))
    assert not everything(address)


def test_only_the_named_networks_are_opened() -> None:
    cluster = allowed_addresses(public=False, private=False, networks=("10.245.0.0/16",))
    assert cluster("10.245.3.4")
    assert not cluster("10.244.3.4")
    assert not cluster("8.8.8.8")


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_ipv4_address_is_refused_in_every_ipv6_form_that_leads_to_it(number: int) -> None:
    for form in (
        IPv6Address((0xFFFF << 32) | number),  # mapped
        IPv6Address(number),  # compatible
        IPv6Address((0x64FF9B << 96) | number),  # NAT64
        IPv6Address((0x2002 << 112) | (number << 80) | 1),  # 6to4
        IPv6Address((0x20010000 << 96) | number),  # Teredo
    ):
        assert not _default(str(form))
        assert not _private(str(form)) or form == IPv6Address("::1")


@settings(deadline=None)
@given(st.one_of(st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 2**128 - 1).map(IPv6Address)))
def test_what_is_let_through_is_global_to_pythons_registry(address: IPv4Address | IPv6Address) -> None:
    if _default(str(address)):
        assert address.is_global
        assert not address.is_private
        assert not address.is_multicast
        assert not address.is_reserved


@pytest.mark.parametrize("network", ["0.0.0.0/0", "8.0.0.0/7", "::/0", "::/6"])
def test_network_is_refused_when_it_is_wider_than_any_private_one(network: str) -> None:
    """SC-05: `everything` would open loopback, and the metadata of clouds in its IPv6 forms, to every customer."""
    with pytest.raises(ValidationError, match="wider than any private network"):
        Settings(target_networks=("10.0.0.0/8", network))
    assert Settings(target_networks=("10.0.0.0/8", "fc00::/7")).target_networks == ("10.0.0.0/8", "fc00::/7")
    assert Settings(trusted_proxies=(network,)).trusted_proxies == (network,)
