"""What an index needs of a cache of its store's files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from finrag_ml_tg1.loaders.expected_file import ExpectedFile

__all__ = ["FileCache"]


class FileCache(Protocol):
    """Where files of the index come from: a local file with exactly the named content."""

    def fetch(self, key: str, *, sha256: str, size: int, pin: bool = False) -> Path:
        """Return the local file; raises IndexCorruptError when the content is another.

        A pinned one stays until `unpin`, others may be removed at any time.
        """
        ...

    def fetch_all(self, files: Sequence[ExpectedFile], *, pin: bool = False) -> list[Path]:
        """Return the local files in this order, fetched side by side; all or none of them are pinned."""
        ...

    def unpin(self, sha256: str) -> None:
        """Take back one pinned `fetch`; no error when there is none."""
        ...
