"""A store that is away answers at once: waiting for it would hold the threads that other questions need.

After a failure to reach it all reading is refused for a pause. The first read after that is refused too, and has the
store asked for one small object aside; when that is answered all may read again. So no question waits for a store that
is known to be away, and when it is back none is refused because another is asking. Back ends that share a Redis tell
each other: what several have found away none waits for, and one of them asks whether it is back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from finrag_ml_tg1.errors import FinRAGError, StoreUnavailableError
from finrag_ml_tg1.loaders.object_store import ObjectInfo, ObjectStore, StoredObject
from serving.backend.shared.store_circuit import StoreCircuit

__all__ = ["GuardedStore"]

R = TypeVar("R")

_TOLD = "the store cannot be reached: other back ends have found it so"
# How soon it is asked again who may ask the store, while another back end does.
_ANOTHER_ASKS_S = 1.0

_logger = logging.getLogger(__name__)


class GuardedStore:
    """An ObjectStore over another; what is read of it fails at once for `pause_s` seconds after it was unreachable.

    Whether it is back is told by the object at `probed_key`. Safe for use from several threads.
    """

    def __init__(
        self,
        store: ObjectStore,
        pause_s: float,
        probed_key: str,
        clock: Callable[[], float] = time.monotonic,
        circuit: StoreCircuit | None = None,
    ) -> None:
        self._circuit = circuit
        self._store = store
        self._pause_s = pause_s
        self._probed_key = probed_key
        self._clock = clock
        self._lock = threading.Lock()
        self._outage = ""
        self._pause_ends_at = 0.0
        self._is_probing = False

    @property
    def url(self) -> str:
        """The store's address."""
        return self._store.url

    @property
    def outage(self) -> str:
        """Why the store is taken to be away; "" when it is not."""
        return self._outage or (_TOLD if self._circuit is not None and self._circuit.is_open else "")

    @property
    def is_probing(self) -> bool:
        """Whether the store is being asked just now if it is back."""
        return self._is_probing

    def get(self, key: str) -> StoredObject:
        """Return the whole object; raises ObjectNotFoundError."""
        return self._guarded(lambda: self._store.get(key))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return exactly `length` bytes from offset `start`; raises ObjectNotFoundError, StoreError past the end."""
        return self._guarded(lambda: self._store.get_range(key, start, length))

    def head(self, key: str) -> ObjectInfo | None:
        """Return the object's size and ETag, or None when it does not exist."""
        return self._guarded(lambda: self._store.head(key))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield all objects whose key starts with `prefix`, sorted by key."""
        return self._store.list(prefix)

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        """Write the object whole or not at all, under the conditions given."""
        return self._store.put(key, data, if_match=if_match, if_absent=if_absent)

    def delete(self, key: str) -> None:
        """Remove the object; no error when it is not there."""
        self._store.delete(key)

    def _guarded(self, read: Callable[[], R]) -> R:
        self._refuse_in_outage()
        try:
            return read()
        except StoreUnavailableError as error:
            with self._lock:
                self._settle(str(error))
            if self._circuit is not None:
                self._circuit.fail()
            raise

    def _refuse_in_outage(self) -> None:
        with self._lock:
            outage = self.outage
            if not outage:
                return
            if not self._is_probing and self._clock() >= self._pause_ends_at:
                self._is_probing = True
                # Nobody has to wait for it, the end of the process included.
                threading.Thread(target=self._probe, name="store-probe", daemon=True).start()
            raise StoreUnavailableError(outage)

    def _probe(self) -> None:
        circuit = self._circuit
        if circuit is not None and circuit.is_open and not circuit.may_probe():
            with self._lock:
                self._pause_ends_at = self._clock() + _ANOTHER_ASKS_S
                self._is_probing = False
            return
        outage = ""
        try:
            self._store.get(self._probed_key)
        except StoreUnavailableError as error:
            outage = str(error)
        except FinRAGError:
            _logger.debug("%s answers, if not with %s", self._store.url, self._probed_key)
        finally:
            if circuit is not None:
                (circuit.fail if outage else circuit.succeed)()
            with self._lock:
                self._settle(outage)
                self._is_probing = False

    def _settle(self, outage: str) -> None:
        self._outage = outage
        self._pause_ends_at = self._clock() + self._pause_s
