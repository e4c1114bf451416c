"""Marks in the store of who is at work on its index, so that nothing is deleted under a writer.

A writer uploads parts before any version names them; a collector deletes what no kept version names. Each puts its mark
first and then looks for the other's, so at least one of two sees the other: a collector gives way, a writer waits.
A mark's key says when it ends, and by that the work of a process that was killed counts as ended. The clocks of the
machines that write have to agree to within five minutes.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from finrag_ml_tg1.errors import ConditionUnsupportedError, PreconditionFailedError, StoreError
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["COLLECTING", "MARKS_PREFIX", "MARK_SECONDS", "WRITING", "Mark", "ended_marks"]

MARKS_PREFIX = "index/marks/"
WRITING, COLLECTING = "writing", "collecting"

MARK_SECONDS = 3600
_CLOCKS_DIFFER = timedelta(minutes=5)
_POLL_SECONDS = 1.0
_NO_VERSION = f'"{"0" * 32}"'  # an ETag that nothing has
_LONGEST_WAIT_SECONDS = 180.0
_TIME = "%Y%m%dT%H%M%SZ"


class Mark:
    """This process's mark of one kind, for one thread; `remove` it when the work has ended, however it ended.

    With `needs_conditions` it is only there in a store that keeps to conditional puts.
    """

    def __init__(
        self,
        store: ObjectStore,
        kind: str,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
        *,
        needs_conditions: bool = False,
    ) -> None:
        self._store = store
        self._kind = kind
        self._needs_conditions = needs_conditions
        self._clock = clock
        self._pause = pause
        self._key: str | None = None
        self._until = 0.0

    def hold(self) -> None:
        """Have a mark that is good for half an hour at least; call it before each change of the store.

        A writer's first call waits for collectors. Raises StoreError when the mark ended since the last call,
        ConditionUnsupportedError at the first.
        """
        if self._key is None:
            key = self._put()
            if self._needs_conditions:
                self._require_conditions(key)
            self._wait_for_collectors()
        self._renew()

    def _wait_for_collectors(self) -> None:
        waited = 0.0
        while self._kind == WRITING and (ends := self.others(COLLECTING)):
            if waited >= _LONGEST_WAIT_SECONDS:
                self.remove()
                raise StoreError(
                    f"unused parts are being deleted in {self._store.url}: nothing was written. Try again when that "
                    f"has ended; if it was killed, it counts as ended from {max(ends):%Y-%m-%d %H:%M} UTC on"
                )
            self._pause(_POLL_SECONDS)
            waited += _POLL_SECONDS
            self._renew()

    def others(self, kind: str) -> list[datetime]:
        """Return when each mark of that kind that counts ends at the latest, without this one."""
        now = self._now()
        ends = [end for key, end in _marks(self._store, kind) if key != self._key]
        return [end + _CLOCKS_DIFFER for end in ends if end + _CLOCKS_DIFFER > now]

    def remove(self) -> None:
        """Take the mark away; no error when there is none."""
        if self._key is not None:
            self._store.delete(self._key)
            self._key = None

    def _renew(self) -> None:
        left = self._until - self._clock()
        if left < 0:
            raise StoreError(
                "the work paused for so long that what it wrote may have been cleaned away: nothing was made current, "
                "run it again"
            )
        if left < MARK_SECONDS / 2 and self._key is not None:
            earlier = self._key
            self._put()
            self._store.delete(earlier)

    def _require_conditions(self, key: str) -> None:
        """Try both on the mark, which is there: a service without conditions mostly passes over them in silence."""
        for if_match, if_absent in ((None, True), (_NO_VERSION, False)):
            try:
                self._store.put(key, _content(), if_match=if_match, if_absent=if_absent)
            except PreconditionFailedError:
                continue
            raise ConditionUnsupportedError(self._store.url)

    def _put(self) -> str:
        until = int(self._clock()) + MARK_SECONDS
        end = datetime.fromtimestamp(until, UTC).strftime(_TIME)
        key = f"{MARKS_PREFIX}{self._kind}-{end}-{secrets.token_hex(8)}"
        self._store.put(key, _content())
        self._key, self._until = key, until
        return key

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def ended_marks(store: ObjectStore, now: datetime) -> list[str]:
    """Return the keys of marks that no longer count: of processes that were killed."""
    return [key for kind in (WRITING, COLLECTING) for key, end in _marks(store, kind) if end + _CLOCKS_DIFFER <= now]


def _content() -> bytes:
    return f"{socket.gethostname()}, process {os.getpid()}\n".encode()


def _marks(store: ObjectStore, kind: str) -> Iterator[tuple[str, datetime]]:
    for entry in store.list(f"{MARKS_PREFIX}{kind}-"):
        end = entry.key.split("-")[1]
        try:
            yield entry.key, datetime.strptime(end, _TIME).replace(tzinfo=UTC)
        except ValueError as error:
            raise StoreError(f"{entry.key} in {store.url} is no mark of a writer: delete it") from error
