"""Addresses that a document may link to."""

from urllib.parse import quote, urlsplit

__all__ = ["clean_address"]

# What stands for itself in an address; all else is percent-encoded.
_PLAIN = ":/?#[]@!$&'()*+,;=%~-._"


def clean_address(address: str) -> str:
    """Return an http or https address as ASCII without spaces, quotes or angle brackets; "" for anything else.

    A name before the host ("https://sec.gov@elsewhere") would mislead about the host, as in the source pane.
    """
    try:
        parts = urlsplit(address)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        return ""
    return quote(address, safe=_PLAIN, errors="replace") if is_web else ""
