"""Whether an address can be a trigger's target, as far as its text tells: what a name leads to is seen at the call."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from scheduler.calls.addresses import allowed_addresses
from scheduler.settings import Settings

__all__ = ["check_target"]

_LONGEST = 2048
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.?\Z", re.IGNORECASE)
# Resolvers read 127.1, 2130706433 and 0x7f.1 as addresses (WHATWG URL, "ends in a number").
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?\Z", re.IGNORECASE)


def check_target(url: str, settings: Settings) -> None:
    """Raise ValueError where an address cannot be called; its words hold no part of it that may be secret."""
    if len(url) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters")
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise ValueError("has characters that a URL cannot have: write them percent-encoded, and names in punycode")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is no URL: its host or port cannot be read") from None
    allowed = ("https",) if settings.environment == "production" else ("https", "http")
    if parts.scheme not in allowed or not parts.netloc:
        raise ValueError(f"does not begin with {' or '.join(f'{scheme}://' for scheme in allowed)}")
    if "@" in parts.netloc:
        raise ValueError("has a user name or password in it: send them as a header")
    if "#" in url:
        raise ValueError("has a fragment (#…), which is never sent")
    if port == 0:
        raise ValueError("has port 0, where nobody listens")
    _check_host(parts.hostname or "", settings)


def _check_host(host: str, settings: Settings) -> None:
    may_be_private = settings.allow_private_targets and settings.environment != "production"
    try:
        address = ip_address(host)
    except ValueError:
        _check_name(host, may_be_private=may_be_private)
        return
    is_allowed = allowed_addresses(public=True, private=may_be_private, networks=settings.target_networks)
    if not is_allowed(str(address)):
        raise ValueError("leads to a private, local or reserved address")


def _check_name(host: str, *, may_be_private: bool) -> None:
    if len(host) > 253 or not _NAME.match(host) or _ENDS_IN_NUMBER.match(host):
        raise ValueError("has a host that is neither a name nor an address")
    name = host.lower().rstrip(".")
    if not may_be_private and (name == "localhost" or name.endswith(".localhost")):
        raise ValueError("leads to this machine itself")
