"""A lease has one holder at a time, on a folder as on S3, and outlives none that has died."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.loaders.lease import HeldLease, LeaseHeldError, LeaseLostError, read_lease, take_lease
from finrag_ml_tg1.loaders.object_store import ObjectStore

KEY = "leases/test.json"
BEGIN = datetime(2025, 3, 1, 2, 0, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(params=["folder_store", "s3_store"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    store: ObjectStore = request.getfixturevalue(request.param)
    return store


def take(store: ObjectStore, holder: str, clock: Clock) -> HeldLease:
    return take_lease(
        store, KEY, holder=holder, purpose=f"job of {holder}", duration=timedelta(seconds=60), clock=clock
    )


def test_lease_that_is_held_is_refused_with_its_holder(store: ObjectStore) -> None:
    """SU-04: of two writers the second is refused, and told who the first is."""
    clock = Clock()
    take(store, "a", clock)
    clock.forward(59)
    with pytest.raises(LeaseHeldError) as refused:
        take(store, "b", clock)
    lease = refused.value.lease
    assert (lease.holder, lease.purpose, lease.until) == ("a", "job of a", BEGIN + timedelta(seconds=60))


def test_renewed_lease_lasts_longer(store: ObjectStore) -> None:
    clock = Clock()
    held = take(store, "a", clock)
    clock.forward(50)
    held.renew()
    clock.forward(50)
    assert not held.has_expired
    with pytest.raises(LeaseHeldError):
        take(store, "b", clock)


def test_expired_lease_is_taken_over_and_lost_to_its_former_holder(store: ObjectStore) -> None:
    clock = Clock()
    former = take(store, "a", clock)
    clock.forward(60)
    assert former.has_expired
    take(store, "b", clock)
    with pytest.raises(LeaseLostError):
        former.renew()
    with pytest.raises(LeaseLostError):
        former.release()
    current = read_lease(store, KEY)
    assert current is not None
    assert current.holder == "b"


def test_released_lease_is_free_at_once(store: ObjectStore) -> None:
    clock = Clock()
    take(store, "a", clock).release()
    take(store, "b", clock)


def test_of_many_that_take_it_at_once_one_has_it(store: ObjectStore) -> None:
    clock = Clock()
    take(store, "former", clock)
    clock.forward(61)

    def attempt(number: int) -> str | None:
        try:
            return take(store, str(number), clock).lease.holder
        except LeaseHeldError:
            return None

    with ThreadPoolExecutor(8) as pool:
        holders = [holder for holder in pool.map(attempt, range(8)) if holder is not None]
    current = read_lease(store, KEY)
    assert current is not None
    assert holders == [current.holder]


def test_lease_never_taken_is_none(store: ObjectStore) -> None:
    assert read_lease(store, KEY) is None


@pytest.mark.parametrize("data", [b"", b"[]", b'{"holder": "a"}', b'{"holder": "a", "purpose": "b", "until": "soon"}'])
def test_object_that_is_no_lease_is_named(folder_store: ObjectStore, data: bytes) -> None:
    folder_store.put(KEY, data)
    with pytest.raises(StoreError, match=KEY):
        read_lease(folder_store, KEY)
