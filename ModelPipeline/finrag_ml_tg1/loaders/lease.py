"""A lease on a store: one holder at a time, among processes that share nothing but the store.

It is an object that is only ever written by conditional put. The holder renews it; one that has died is known by a
lease that has expired, which anybody may take over. Times are those of the machines' own clocks, which have to agree to
within a few seconds. A holder that was stopped and goes on late may work beside its successor for a moment, so what is
done under a lease must bear that: here nothing that readers see is changed but by conditional put.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from finrag_ml_tg1.errors import FinRAGError, ObjectNotFoundError, PreconditionFailedError, StoreError
from finrag_ml_tg1.loaders.object_store import ObjectStore, StoredObject

__all__ = ["HeldLease", "Lease", "LeaseHeldError", "LeaseLostError", "read_lease", "take_lease", "utc_now"]


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds the lease, what for, and until when."""

    holder: str
    purpose: str
    until: datetime

    def to_bytes(self) -> bytes:
        """Return the object that stands for it."""
        return json.dumps({"holder": self.holder, "purpose": self.purpose, "until": self.until.isoformat()}).encode()


class LeaseHeldError(FinRAGError):
    """Somebody else holds the lease, which has not expired."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(f"{lease.holder} holds the lease until {lease.until:%Y-%m-%dT%H:%M:%SZ}")
        self.lease = lease


class LeaseLostError(FinRAGError):
    """The lease expired and was taken over."""


def take_lease(
    store: ObjectStore,
    key: str,
    *,
    holder: str,
    purpose: str,
    duration: timedelta,
    clock: Callable[[], datetime] = utc_now,
) -> HeldLease:
    """Take the lease if nobody holds it, or nobody any more; raises LeaseHeldError, which says who does."""
    found = _find(store, key)
    if found is not None:
        held = _parsed(key, found)
        if held.until > clock():
            raise LeaseHeldError(held)
    lease = Lease(holder, purpose, clock() + duration)
    try:
        info = store.put(key, lease.to_bytes(), if_match=found.etag if found else None, if_absent=found is None)
    except PreconditionFailedError as error:
        raise LeaseHeldError(_parsed(key, store.get(key))) from error
    return HeldLease(store, key, lease, info.etag, duration, clock)


def read_lease(store: ObjectStore, key: str) -> Lease | None:
    """Return the lease as it stands, expired or not; None when it was never taken."""
    found = _find(store, key)
    return None if found is None else _parsed(key, found)


class HeldLease:
    """A lease this process holds; for one thread at a time."""

    def __init__(
        self,
        store: ObjectStore,
        key: str,
        lease: Lease,
        etag: str,
        duration: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._key = key
        self._etag = etag
        self._duration = duration
        self._clock = clock
        self.lease = lease

    @property
    def has_expired(self) -> bool:
        """Whether anybody may take it over."""
        return self.lease.until <= self._clock()

    def renew(self) -> None:
        """Hold it for the whole duration from now; raises LeaseLostError when it was taken over, StoreError."""
        self._replace(self._clock() + self._duration)

    def release(self) -> None:
        """Let it expire now; raises LeaseLostError when it was taken over, StoreError."""
        self._replace(self._clock())

    def _replace(self, until: datetime) -> None:
        lease = Lease(self.lease.holder, self.lease.purpose, until)
        try:
            self._etag = self._store.put(self._key, lease.to_bytes(), if_match=self._etag).etag
        except (PreconditionFailedError, ObjectNotFoundError) as error:
            raise LeaseLostError(f"the lease on {self._store.url} was taken over by another process") from error
        self.lease = lease


def _find(store: ObjectStore, key: str) -> StoredObject | None:
    try:
        return store.get(key)
    except ObjectNotFoundError:
        return None


def _parsed(key: str, found: StoredObject) -> Lease:
    try:
        content = json.loads(found.data)
        return Lease(
            str(content["holder"]), str(content["purpose"]), datetime.fromisoformat(content["until"]).astimezone(UTC)
        )
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(f"{key} is no lease: delete it when no job is running") from error
