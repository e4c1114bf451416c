"""What customers trust us with is not written down: values of headers, parts of addresses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_plus, urlsplit, urlunsplit

__all__ = ["HIDDEN", "hide", "plain_url", "secrets_of"]

HIDDEN = "***"
# A shorter one would hide innocent text, and none that is worth stealing is so short.
_SHORTEST = 6
# Their values are no secrets, and stand in many answers.
_OPEN_HEADERS = frozenset(
    {"accept", "accept-encoding", "accept-language", "cache-control", "content-type", "user-agent"}
)


def plain_url(url: str) -> str:
    """Return a URL without user, password, query and fragment: tokens stand in them."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, (f"[{host}]" if ":" in host else host) + port, parts.path, "", ""))


def secrets_of(headers: Mapping[str, str], url: str) -> tuple[str, ...]:
    """Return what must not be written of a trigger, the longest first: values of headers, and what the URL hides."""
    words: list[str] = []
    for name, value in headers.items():
        if name.lower() not in _OPEN_HEADERS:
            words += [value, *value.split()]
    parts = urlsplit(url)
    values = [parts.password or "", *(pair.partition("=")[2] for pair in parts.query.split("&"))]
    # As they stand in the address, as a target reads them, and as it writes what it read in JSON.
    words += [parts.query, *values, *map(unquote_plus, values)]
    words += [json.dumps(word, ensure_ascii=False)[1:-1] for word in words]
    return tuple(sorted({word for word in words if len(word) >= _SHORTEST}, key=len, reverse=True))


def hide(text: str, secrets: Iterable[str]) -> str:
    """Return the text with `***` for each secret."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text
