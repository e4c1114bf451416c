"""Where everything lives: one Protocol over a local folder and S3, with the same keys and the same guarantees.

The rules for keys, ranges and addresses are here because both stores must refuse the same things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from finrag_ml_tg1.errors import StoreError

__all__ = [
    "RESERVED_PREFIX",
    "ObjectInfo",
    "ObjectStore",
    "StoredObject",
    "check_conditions",
    "check_key",
    "check_prefix",
    "check_range",
    "is_key",
    "split_s3_url",
]

# Names the local store keeps for itself (its lock, half-written files); no key may contain such a segment.
RESERVED_PREFIX = ".finrag-"
_MAX_KEY_BYTES = 1024  # S3's limit
_MAX_SEGMENT_BYTES = 255  # the limit of common file systems for one name
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\\]")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object as listed: its key below the store's root, size in bytes, and ETag (opaque, changes with content)."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object's bytes with the ETag they had when read."""

    data: bytes
    etag: str


class ObjectStore(Protocol):
    """Objects under slash-separated keys. Any method raises StoreUnavailableError when the store cannot be reached."""

    @property
    def url(self) -> str:
        """The store's address as configured (`s3://bucket/prefix` or an absolute folder path), without secrets."""
        ...

    def get(self, key: str) -> StoredObject:
        """Return the whole object; raises ObjectNotFoundError."""
        ...

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return exactly `length` bytes from offset `start`; raises ObjectNotFoundError, StoreError past the end."""
        ...

    def head(self, key: str) -> ObjectInfo | None:
        """Return the object's size and ETag, or None when it does not exist."""
        ...

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield all objects whose key starts with `prefix`, sorted by key."""
        ...

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        """Write the object whole or not at all.

        With `if_match` only over the version with that ETag, with `if_absent` only where no object is; otherwise
        PreconditionFailedError is raised and nothing changes.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove the object; no error when it is not there."""
        ...


def check_key(key: str) -> None:
    """Raise StoreError unless `key` is a relative path that is safe and means the same in a folder and on S3."""
    reason = _fault_in_key(key)
    if reason:
        raise StoreError(f"The key {_shown(key)} cannot be used: {reason}.")


def is_key(text: str) -> bool:
    """Return whether `check_key` accepts `text`; what it does not accept was put into the store by others."""
    return not _fault_in_key(text)


def check_prefix(prefix: str) -> None:
    """Raise StoreError unless `prefix` can begin a key; it may be empty and may end inside a segment or with `/`."""
    folder = prefix.rpartition("/")[0]
    reason = (_fault_in_key(folder) if "/" in prefix else "") or _fault_in_text(prefix)
    if reason:
        raise StoreError(f"The prefix {_shown(prefix)} cannot be used: {reason}.")


def check_range(key: str, start: int, length: int) -> None:
    """Raise StoreError when `start` or `length` is negative."""
    if start < 0 or length < 0:
        raise StoreError(f"Cannot read {length} bytes at offset {start} of {key}: neither may be negative.")


def check_conditions(if_match: str | None, if_absent: bool) -> None:
    """Raise ValueError when both conditions of a put are given; no object can meet both."""
    if if_match is not None and if_absent:
        raise ValueError("if_match and if_absent exclude each other")


def split_s3_url(url: str) -> tuple[str, str] | None:
    """Return (bucket, prefix without slashes at its ends) of an `s3://` address, None for a folder.

    Raises StoreError for an `s3:` address that names no valid bucket or prefix, and for any other scheme. The address
    is not repeated in the message: it may hold credentials.
    """
    scheme, separator, rest = url.partition("://")
    if not separator and not url.lower().startswith("s3:"):
        return None
    if scheme != "s3":
        raise StoreError("a store is a folder or s3://bucket/prefix")
    bucket, _, prefix = rest.partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise StoreError("s3:// must be followed by a bucket name: 3 to 63 of a-z, 0-9, '.' and '-'")
    prefix = prefix.strip("/")
    if prefix:
        check_key(prefix)
    return bucket, prefix


def _fault_in_key(key: str) -> str:
    segments = key.split("/")
    if not key:
        return "it is empty"
    if "" in segments:
        return "it has an empty segment (it starts or ends with '/', or holds '//')"
    if "." in segments or ".." in segments:
        return "it has a '.' or '..' segment"
    if any(segment.startswith(RESERVED_PREFIX) for segment in segments):
        return f"names starting with '{RESERVED_PREFIX}' are the store's own"
    return _fault_in_text(key)


def _fault_in_text(text: str) -> str:
    if _UNSAFE.search(text):
        return "it has a backslash, a control character or half a surrogate pair"
    encoded = text.encode()
    if len(encoded) > _MAX_KEY_BYTES or any(len(segment) > _MAX_SEGMENT_BYTES for segment in encoded.split(b"/")):
        return f"it is longer than {_MAX_KEY_BYTES} bytes, or a segment is longer than {_MAX_SEGMENT_BYTES}"
    return ""


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 80 else f"{text[:77]}...")
