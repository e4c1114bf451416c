"""The files of a folder as a network of caches takes them: their type, and how long they may be kept.

A name with a hash of its content in it never means anything else (RFC 8246, `immutable`). A page is asked for again by
each browser and kept a day by the network, which is told when it has changed. Everything else is kept an hour.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.loaders.object_store import check_key

__all__ = ["HOUR", "PAGE", "PERMANENT", "StaticFile", "cache_control", "static_files"]

PERMANENT = "public, max-age=31536000, immutable"
PAGE = "public, max-age=0, s-maxage=86400, must-revalidate"
HOUR = "public, max-age=3600"

# As builders name assets: name.HASH.ending, the hash 8 characters of base64url (Vite) or more of hexadecimal digits. A
# word or a date there is none: kept for a year it could not be taken back. A hash that looks like one is kept an hour.
_HASHED = re.compile(
    r"\.(?:(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}|(?=.[a-z_-]*[A-Z0-9])(?=[A-Z0-9_-]*[a-z])[A-Za-z0-9_-]{8})"
    r"\.(?:avif|css|gif|ico|jpg|js|map|mjs|png|svg|ttf|wasm|webp|woff2?)\Z"
)
# What Python's own table does not know everywhere.
_TYPES = {".woff2": "font/woff2", ".woff": "font/woff", ".js": "text/javascript", ".webmanifest": "application/json"}
_TEXT = ("text/", "application/json", "image/svg+xml")
_MOST_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file: its key below the place it is put, its bytes, and its headers."""

    key: str
    content: bytes
    content_type: str
    cache_control: str

    @property
    def is_permanent(self) -> bool:
        """Whether this name never means another content."""
        return self.cache_control == PERMANENT

    @property
    def etag(self) -> str:
        """What S3 tells of an object with this content, unless it is encrypted with an own key: its MD5."""
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


def cache_control(key: str) -> str:
    """Return how long a file of that name may be kept, as the header Cache-Control."""
    if key.endswith((".html", ".htm")):
        return PAGE
    return PERMANENT if _HASHED.search(key) else HOUR


def static_files(folder: Path) -> list[StaticFile]:
    """Return the files below a folder in the order to put them: pages last, so that what they name is there.

    Hidden files are left out. Raises StoreError when there is none, or one is too large or has a name no key can have.
    """
    if not folder.is_dir():
        raise StoreError(f"{folder} is no folder: give one with the files to publish")
    files = [
        _read(folder, path) for path in sorted(folder.rglob("*")) if path.is_file() and not _is_hidden(folder, path)
    ]
    if not files:
        raise StoreError(f"{folder} holds no files: nothing was published")
    return sorted(files, key=lambda file: (file.cache_control == PAGE, not file.is_permanent, file.key))


def _is_hidden(folder: Path, path: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _read(folder: Path, path: Path) -> StaticFile:
    key = path.relative_to(folder).as_posix()
    check_key(key)
    if path.stat().st_size > _MOST_BYTES:
        raise StoreError(f"{key} is larger than {_MOST_BYTES // 2**20} MiB: nothing was published")
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    content_type = f"{kind}; charset=utf-8" if kind.startswith(_TEXT) else kind
    return StaticFile(key, path.read_bytes(), content_type, cache_control(key))
