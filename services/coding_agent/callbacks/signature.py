"""Signatures of callbacks, for us and for who receives them (needs nothing but Python).

Three headers come with each: X-Coding-Agent-Timestamp (seconds since 1970), X-Coding-Agent-Delivery (its id, the same
in every try), and X-Coding-Agent-Signature: `sha256=` and the hex HMAC-SHA256 of timestamp, ".", delivery, ".", body.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping

__all__ = ["DELIVERY", "SIGNATURE", "TIMESTAMP", "BadSignatureError", "sign", "verify"]

TIMESTAMP = "X-Coding-Agent-Timestamp"
DELIVERY = "X-Coding-Agent-Delivery"
SIGNATURE = "X-Coding-Agent-Signature"


class BadSignatureError(Exception):
    """A callback that is not to be believed; the message says why and holds nothing secret."""


def sign(secret: bytes, body: bytes, *, timestamp: int, delivery: str) -> dict[str, str]:
    """Return the three headers for a body."""
    return {
        TIMESTAMP: str(timestamp),
        DELIVERY: delivery,
        SIGNATURE: f"sha256={_digest(secret, body, str(timestamp), delivery)}",
    }


def verify(
    secret: bytes, body: bytes, headers: Mapping[str, str], *, now: float | None = None, tolerance_s: float = 300
) -> str:
    """Return the delivery's id if the raw body is ours and its time is at most `tolerance_s` away.

    Who must not act twice remembers the id for twice that time, and refuses one that it knows. Names of headers are
    compared without case. Raises BadSignatureError.
    """
    by_name = {name.lower(): value for name, value in headers.items()}
    try:
        timestamp, delivery, signature = (by_name[name.lower()] for name in (TIMESTAMP, DELIVERY, SIGNATURE))
    except KeyError as missing:
        raise BadSignatureError(f"the header {missing.args[0]} is missing") from None
    expected = f"sha256={_digest(secret, body, timestamp, delivery)}"
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise BadSignatureError("the signature does not fit the body")
    # Signed by us, so it is a number.
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance_s:
        raise BadSignatureError("the callback is too old, or a clock is wrong")
    return delivery


def _digest(secret: bytes, body: bytes, timestamp: str, delivery: str) -> str:
    message = b".".join((timestamp.encode("utf-8", "replace"), delivery.encode("utf-8", "replace"), body))
    return hmac.new(secret, message, hashlib.sha256).hexdigest()
