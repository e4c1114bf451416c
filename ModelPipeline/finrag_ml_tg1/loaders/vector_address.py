"""What the address of an outside engine for vectors may be, and what it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from finrag_ml_tg1.errors import SettingsError

__all__ = ["ALLOWED_ADDRESSES", "VectorAddress", "parse_vector_address"]

ALLOWED_ADDRESSES = "s3vectors://bucket/index or qdrant+https://host:6333/collection"

# As the service model of S3 Vectors (2025-07-15) names buckets and indexes in their ARN.
_S3_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_COLLECTION = re.compile(r"[A-Za-z0-9_-]{1,255}")


@dataclass(frozen=True, slots=True)
class VectorAddress:
    """An engine, the place it is reached at (a vector bucket, or an http(s) address), and the index's name there."""

    engine: Literal["s3vectors", "qdrant"]
    place: str
    index: str

    @property
    def text(self) -> str:
        """The address in the one form that it is compared by."""
        return (
            f"s3vectors://{self.place}/{self.index}"
            if self.engine == "s3vectors"
            else f"qdrant+{self.place}/{self.index}"
        )


def parse_vector_address(text: str) -> VectorAddress:
    """Return what an address names; raises SettingsError, which does not repeat it: it may hold credentials."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise SettingsError(f"it is not well-formed: give {ALLOWED_ADDRESSES}") from None
    if parts.username is not None or parts.query or parts.fragment:
        raise SettingsError("it has a user name, a query or a fragment; a key for Qdrant is set as QDRANT_API_KEY")
    host, path = parts.hostname or "", parts.path.rstrip("/")
    if parts.scheme == "s3vectors":
        index = path.removeprefix("/")
        if port is not None or not (_S3_NAME.fullmatch(parts.netloc) and _S3_NAME.fullmatch(index)):
            raise SettingsError("s3vectors:// is followed by the names of a vector bucket and an index in it")
        return VectorAddress("s3vectors", parts.netloc, index)
    if parts.scheme in {"qdrant+http", "qdrant+https"}:
        prefix, _, collection = path.rpartition("/")
        if not host or port == 0 or not _COLLECTION.fullmatch(collection) or not re.fullmatch(r"[\w./-]*", prefix):
            raise SettingsError("qdrant+https:// is followed by a host and, after a slash, the name of a collection")
        # Without a port Qdrant's own is meant, and not the web's.
        at = f"[{host}]" if ":" in host else host
        return VectorAddress(
            "qdrant", f"{parts.scheme.removeprefix('qdrant+')}://{at}:{port or 6333}{prefix}", collection
        )
    raise SettingsError(f"it is no engine's address: give {ALLOWED_ADDRESSES}")
