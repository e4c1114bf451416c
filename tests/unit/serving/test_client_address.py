"""The client's address: the peer's, or what trusted proxies say of it, and never what the client says of itself."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from serving.http.client_address import ClientAddress, client_of
from tests.event_loops import run

TRUSTED = ("10.0.0.0/8", "fd00::/8", "192.0.2.7/32")


def client(peer: str | None, *forwarded: str, trusted: tuple[str, ...] = TRUSTED) -> str:
    """Return the client that the application behind the middleware sees."""
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    scope: Scope = {"type": "http", "client": (peer, 4711) if peer is not None else None, "headers": headers}
    seen = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(client_of(scope))

    async def unused() -> None:
        raise AssertionError

    run(ClientAddress(application, trusted)(scope, unused, unused))  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1", "11.0.0.1", "2001:db8::9", "192.0.2.8"])
def test_client_is_the_peer_when_the_peer_is_no_trusted_proxy(peer: str) -> None:
    assert client(peer, "198.51.100.1", "10.0.0.1") == peer


def test_nobody_is_trusted_by_default() -> None:
    assert client("10.0.0.1", "198.51.100.1", trusted=()) == "10.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        (["1.1.1.1,198.51.100.1 , 10.2.3.4,192.0.2.7"], "198.51.100.1"),
        (["1.1.1.1", "198.51.100.1, 10.2.3.4"], "198.51.100.1"),
        (["1.1.1.1", "198.51.100.1", "10.2.3.4"], "198.51.100.1"),
        (["198.51.100.1:4711"], "198.51.100.1"),
        (["2001:db8::1"], "2001:db8::1"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["[2001:DB8:0::1]:4711"], "2001:db8::1"),
        (["fe80::1%eth0"], "fe80::1"),
        (["198.51.100.1, fd00::1"], "198.51.100.1"),
        (["::ffff:198.51.100.1"], "198.51.100.1"),
        (["198.51.100.1, ::ffff:10.9.9.9"], "198.51.100.1"),
        (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    ],
)
def test_client_is_the_right_most_address_that_is_no_trusted_proxy(forwarded: list[str], expected: str) -> None:
    assert client("10.0.0.1", *forwarded) == expected


@pytest.mark.parametrize(
    "malformed",
    ["", " ", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:999999", "[::1", "::1]",
     "[::1]80", "[]", "[::1]:", "localhost", "0x7f.1", "127.1", "1.2.3.4/32", "\xb2.1.1.1", "1.2.3.04", "for=1.2.3.4"],
)  # fmt: skip
def test_malformed_entry_ends_the_walk_at_the_last_good_one(malformed: str) -> None:
    assert client("10.0.0.1", f"198.51.100.1, {malformed}, 10.0.0.2") == "10.0.0.2"
    assert client("10.0.0.1", f"198.51.100.1,{malformed}") == "10.0.0.1"


def test_mapped_peer_is_its_ipv4_address() -> None:
    assert client("::ffff:10.0.0.1", "198.51.100.1") == "198.51.100.1"
    assert client("::ffff:203.0.113.9", "198.51.100.1") == "203.0.113.9"


@pytest.mark.parametrize("peer", [None, "", "testclient"])
def test_peer_without_an_address_is_unknown(peer: str | None) -> None:
    assert client(peer, "198.51.100.1") == "unknown"


@given(spoofed=st.lists(st.text(st.characters(max_codepoint=255)), max_size=4), address=st.ip_addresses())
@settings(deadline=None)
def test_nothing_left_of_the_proxys_entry_counts(spoofed: list[str], address: object) -> None:
    found = client("10.0.0.1", *spoofed, f"{','.join(spoofed)},{address}")
    plain = ip_address(str(address))
    plain = getattr(plain, "ipv4_mapped", None) or plain
    if not any(plain in ip_network(network) for network in TRUSTED):
        assert found == str(plain)


@given(peer=st.none() | st.text(), forwarded=st.lists(st.text(st.characters(max_codepoint=255))))
@settings(deadline=None)
def test_finding_the_client_never_fails(peer: str | None, forwarded: list[str]) -> None:
    assert client(peer, *forwarded)
