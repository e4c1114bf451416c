"""The files of one open index that stay in the cache, and are given back together when it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from finrag_ml_tg1.index.file_cache import FileCache
from finrag_ml_tg1.loaders.expected_file import ExpectedFile

__all__ = ["PinnedFiles"]


class PinnedFiles:
    """Fetches files from a cache and keeps them there until `close`."""

    def __init__(self, cache: FileCache) -> None:
        self._cache = cache
        self._pinned: list[str] = []

    def fetch_all(self, files: Sequence[ExpectedFile]) -> list[Path]:
        """Return the local files; raises IndexCorruptError when a content is another, and keeps none then."""
        paths = self._cache.fetch_all(files, pin=True)
        self._pinned += [file.sha256 for file in files]
        return paths

    def close(self) -> None:
        """Let the cache evict the files, as far as nobody else has pinned them."""
        while self._pinned:
            self._cache.unpin(self._pinned.pop())
