"""A store whose writer is killed at each of its puts in turn."""

from __future__ import annotations

import threading

from finrag_ml_tg1.errors import StoreUnavailableError
from finrag_ml_tg1.index.history import HISTORY_PREFIX
from finrag_ml_tg1.index.marks import MARKS_PREFIX
from finrag_ml_tg1.loaders.object_store import ObjectInfo, ObjectStore
from tests.unit.filings.recording_store import RecordingStore

__all__ = ["KilledStore"]


class KilledStore(RecordingStore):
    """ObjectStore over another: at the first put under a name that is not in `killed_at` nothing gets through any more.

    Pass the same list again and the next writer comes one put further; `written` are the keys that got through.
    """

    def __init__(self, inner: ObjectStore, killed_at: list[str]) -> None:
        super().__init__(inner)
        self._killed_at = killed_at
        self._is_dead = False
        self._lock = threading.Lock()
        self.written: list[str] = []

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        # Marks and records of switches have another name each time.
        name = key.rpartition("/")[0] if key.startswith((MARKS_PREFIX, HISTORY_PREFIX)) else key
        with self._lock:
            if name not in self._killed_at and not self._is_dead:
                self._killed_at.append(name)
                self._is_dead = True
            self._require_alive()
            info = super().put(key, data, if_match=if_match, if_absent=if_absent)
            self.written.append(key)
            return info

    def delete(self, key: str) -> None:
        self._require_alive()
        super().delete(key)

    def _require_alive(self) -> None:
        if self._is_dead:
            raise StoreUnavailableError("the writer was killed: the test says so")
