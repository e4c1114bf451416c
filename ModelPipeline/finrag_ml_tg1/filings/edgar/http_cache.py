"""What was fetched, on disk: one file an address, whole or not there, checked by hash at each reading.

A file is a line of JSON (what the server said of it, size and SHA-256 of the content) and the content, gzipped. Its
time of change is when the server last confirmed it. Processes may share the folder: a file is written aside and moved
into place.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import secrets
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.errors import StoreError

__all__ = ["CachedAnswer", "HttpCache", "explained"]

_PARTIAL_SUFFIX = ".partial"
_ABANDONED_AFTER_S = 3600.0
_FAST = 3  # gzip level: filings shrink to a tenth at any
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer's content, what the server wants to hear to confirm it, and when it last did (seconds, wall time)."""

    body: bytes
    etag: str | None
    last_modified: str | None
    confirmed_at: float


class HttpCache:
    """Answers by address below `folder`; StoreError, naming the folder, when it cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with explained(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._remove_abandoned()

    def read(self, url: str) -> CachedAnswer | None:
        """Return the answer kept for this address; None when there is none, or when it is damaged."""
        path = self._path(url)
        with explained(self._folder):
            try:
                confirmed_at = path.stat().st_mtime
                data = path.read_bytes()
            except FileNotFoundError:
                return None
        line, _, compressed = data.partition(b"\n")
        try:
            header = json.loads(line)
            body = gzip.decompress(compressed)
            described = header["url"], header["size"], header["sha256"]
            answer = CachedAnswer(body, header["etag"], header["last_modified"], confirmed_at)
        except (ValueError, KeyError, TypeError, EOFError, OSError, zlib.error):  # gzip's own errors are OSErrors
            described, answer = None, None
        if answer is None or described != (url, len(answer.body), hashlib.sha256(answer.body).hexdigest()):
            _log.warning("%s was damaged and is fetched again", path)
            return None
        return answer

    def write(self, url: str, answer: CachedAnswer) -> None:
        """Keep the answer in place of an older one."""
        path = self._path(url)
        header = {
            "url": url,
            "etag": answer.etag,
            "last_modified": answer.last_modified,
            "size": len(answer.body),
            "sha256": hashlib.sha256(answer.body).hexdigest(),
        }
        partial = self._folder / f"{secrets.token_hex(8)}{_PARTIAL_SUFFIX}"
        with explained(self._folder):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                with partial.open("xb") as file:
                    file.write(json.dumps(header).encode() + b"\n")
                    file.write(gzip.compress(answer.body, _FAST, mtime=0))
                os.utime(partial, (answer.confirmed_at, answer.confirmed_at))
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)

    def confirm(self, url: str, moment: float) -> None:
        """Note that the server confirmed the answer; nothing happens when it was removed meanwhile."""
        with explained(self._folder):
            try:
                os.utime(self._path(url), (moment, moment))
            except FileNotFoundError:
                return

    def _path(self, url: str) -> Path:
        name = hashlib.sha256(url.encode()).hexdigest()
        return self._folder / name[:2] / name

    def _remove_abandoned(self) -> None:
        """Remove what a killed process left half-written."""
        for path in self._folder.glob(f"*{_PARTIAL_SUFFIX}"):
            try:
                if time.time() - path.stat().st_mtime > _ABANDONED_AFTER_S:
                    path.unlink()
            except FileNotFoundError:  # another process was faster
                continue


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn a failure of the disk into one line that names the folder."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"The folder {folder} cannot be used: {error.strerror}; free some space, or set FINRAG_CACHE_DIR elsewhere."
        ) from error
