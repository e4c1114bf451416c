"""The parts of an index that are open, fetched when they are first asked for."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable

from finrag_ml_tg1.errors import CacheFullError
from finrag_ml_tg1.index.catalog import PartEntry
from finrag_ml_tg1.index.file_cache import FileCache
from finrag_ml_tg1.index.manifest import part_key
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.index.version_objects import part_object

__all__ = ["OpenParts"]

_MOST_OPEN = 512
# All of them are in the cache at the same time, where it has the room.
_FETCHED_AT_ONCE = 8
_log = logging.getLogger(__name__)


class OpenParts:
    """Opens parts from a cache, and keeps the last used; those `at_hand` need not be opened. Safe for threads."""

    def __init__(self, cache: FileCache, at_hand: OrderedDict[str, Part]) -> None:
        self._cache = cache
        self._parts = at_hand
        self._lock = threading.Lock()

    def opened(self, entry: PartEntry) -> Part:
        """Return a part, opened, fetching its file when it is not at hand."""
        with self._lock:
            part = self._parts.get(entry.sha256)
            if part is not None:
                self._parts.move_to_end(entry.sha256)
                return part
        # Pinned until it is mapped: another thread's fetch could evict it in between.
        path = self._cache.fetch(part_key(entry.sha256), sha256=entry.sha256, size=entry.size, pin=True)
        try:
            part = Part(path)
        finally:
            self._cache.unpin(entry.sha256)
        self._keep(entry, part)
        return part

    def open_all(self, entries: Iterable[PartEntry]) -> None:
        """Open those of some parts that are not at hand, their files fetched side by side, a few at a time.

        A cache without the room for a few has them left to `opened`, which needs room for one.
        """
        with self._lock:
            missing = [entry for entry in dict.fromkeys(entries) if entry.sha256 not in self._parts]
        for start in range(0, min(len(missing), _MOST_OPEN), _FETCHED_AT_ONCE):
            few = missing[start : start + _FETCHED_AT_ONCE]
            try:
                paths = self._cache.fetch_all([part_object(entry) for entry in few], pin=True)
            except CacheFullError:
                _log.debug("%d parts have no room in the cache together", len(few))
                return
            try:
                opened = [Part(path) for path in paths]
            finally:
                for entry in few:
                    self._cache.unpin(entry.sha256)
            for entry, part in zip(few, opened, strict=True):
                self._keep(entry, part)

    def at_hand(self, entries: Iterable[PartEntry]) -> OrderedDict[str, Part]:
        """Return those of some parts that are open, by hash, the least recently used first."""
        wanted = {entry.sha256 for entry in entries}
        with self._lock:
            return OrderedDict((sha256, part) for sha256, part in self._parts.items() if sha256 in wanted)

    def _keep(self, entry: PartEntry, part: Part) -> None:
        _log.debug("opened the part of cik %d, %d: %d passages", entry.cik, entry.fiscal_year, entry.rows)
        with self._lock:
            self._parts[entry.sha256] = part
            while len(self._parts) > _MOST_OPEN:
                self._parts.popitem(last=False)

    def close(self) -> None:
        """Let go of all of them."""
        with self._lock:
            self._parts.clear()
