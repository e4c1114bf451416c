"""The files of one open index that stay in the cache, and are given back together when it is closed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finrag_ml_tg1.index.reader import FileCache

__all__ = ["PinnedFiles"]


class PinnedFiles:
    """Fetches files from a cache and keeps them there until `close`."""

    def __init__(self, cache: FileCache) -> None:
        self._cache = cache
        self._pinned: list[str] = []

    def fetch(self, key: str, *, sha256: str, size: int) -> Path:
        """Return the local file; raises IndexCorruptError when the content is another."""
        path = self._cache.fetch(key, sha256=sha256, size=size, pin=True)
        self._pinned.append(sha256)
        return path

    def close(self) -> None:
        """Let the cache evict the files, as far as nobody else has pinned them."""
        while self._pinned:
            self._cache.unpin(self._pinned.pop())
