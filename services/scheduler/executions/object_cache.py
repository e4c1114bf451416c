"""Objects on the local disk: what lies closed on S3 is fetched once."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scheduler.errors import HistoryUnavailableError
from scheduler.executions.object_store import ObjectStore, StoredObject

__all__ = ["Fetched", "ObjectCache"]

_AT_A_TIME = 16


class Fetched:
    """Files by key, keys that are gone by now, and keys that S3 did not give, with the last reason."""

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}
        self.gone: list[str] = []
        self.failed: list[str] = []
        self.reason: HistoryUnavailableError | None = None


class ObjectCache:
    """A folder for a process; not for two requests at a time. Other content of a key is another file."""

    def __init__(self, store: ObjectStore, most_bytes: int) -> None:
        self._store = store
        self._most_bytes = most_bytes
        self._folder = Path(tempfile.mkdtemp(prefix="scheduler-executions-"))

    def close(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    async def fetch(self, objects: Sequence[StoredObject]) -> Fetched:
        """Return the objects as files, which are there until `trim`."""
        fetched, turns = Fetched(), asyncio.Semaphore(_AT_A_TIME)

        async def one(stored: StoredObject) -> None:
            path = self._folder / _name(stored)
            if not path.exists():
                async with turns:
                    if not await self._store.fetch(stored.key, path.with_suffix(".part")):
                        fetched.gone.append(stored.key)
                        return
                path.with_suffix(".part").rename(path)
            path.touch()
            fetched.files[stored.key] = path

        for stored, outcome in zip(
            objects, await asyncio.gather(*map(one, objects), return_exceptions=True), strict=True
        ):
            if isinstance(outcome, HistoryUnavailableError):
                fetched.failed.append(stored.key)
                fetched.reason = outcome
            elif isinstance(outcome, BaseException):
                raise outcome
        return fetched

    def trim(self) -> None:
        """Delete files, those first that were not used for longest, until the rest is small enough."""
        found = sorted(((path.stat(), path) for path in self._folder.iterdir()), key=lambda each: each[0].st_mtime)
        left = sum(stat.st_size for stat, _ in found)
        for stat, path in found:
            if left <= self._most_bytes:
                return
            path.unlink()
            left -= stat.st_size


def _name(stored: StoredObject) -> str:
    digest = hashlib.sha256(f"{stored.key}\n{stored.etag}".encode()).hexdigest()[:32]
    return digest + Path(stored.key).suffix
