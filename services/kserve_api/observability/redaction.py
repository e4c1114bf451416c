"""Hides the secrets of the request that is being served: nothing of ours writes them, but libraries and servers may."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus

from kserve_api.observability.context import SECRETS

__all__ = ["HIDDEN", "carry_secrets", "hide", "hide_in"]

HIDDEN = "***"
# A shorter one would hide innocent text, and none that is worth stealing is so short.
_SHORTEST = 6


def carry_secrets(secrets: Iterable[str]) -> None:
    """Hide these, too, until the request has been served."""
    SECRETS.set((*SECRETS.get(), *(secret for secret in secrets if len(secret) >= _SHORTEST)))


def hide(text: str) -> str:
    """Return the text with `***` for each secret of this request: plain, in JSON, in URLs, in base64, in hex."""
    for secret in SECRETS.get():
        for form in _forms(secret):
            if form in text:
                text = text.replace(form, HIDDEN)
    return text


def hide_in(value: object) -> object:
    """Return a JSON value with all texts in it hidden likewise; not its keys, which are names of our own fields."""
    if not SECRETS.get():
        return value
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {str(key): hide_in(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [hide_in(part) for part in value]
    return value


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[str, ...]:
    """The longest first: where one contains another, the whole goes."""
    return tuple(sorted({form for form in _written(secret) if len(form) >= _SHORTEST}, key=len, reverse=True))


def _written(secret: str) -> Iterator[str]:
    data = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield quote(secret, safe="", errors="replace")
    yield quote_plus(secret, errors="replace")
    yield data.hex()
    for shift in range(3):
        # The characters that the data alone decides, when it stands `shift` bytes into a group of three.
        begin, end = (8 * shift + 5) // 6, 8 * (shift + len(data)) // 6
        yield base64.b64encode(bytes(shift) + data).decode()[begin:end]
        yield base64.urlsafe_b64encode(bytes(shift) + data).decode()[begin:end]
