"""A store that is away is asked by one caller at a time, and seldom; one that is there is not noticed to be guarded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from finrag_ml_tg1.errors import ObjectNotFoundError, StoreUnavailableError
from serving.backend.outage_guard import GuardedStore
from tests.local_processes import wait_until
from tests.unit.serving.conftest import FaultyStore


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guarded(faulty: FaultyStore, clock: Clock) -> GuardedStore:
    faulty.put("a", b"one")
    faulty.attempts = 0
    return GuardedStore(faulty, 5, clock)


def refused(guarded: GuardedStore) -> bool:
    with pytest.raises(StoreUnavailableError, match="the store is away"):
        guarded.get("a")
    return True


def test_store_that_is_there_is_read_as_it_is(guarded: GuardedStore, faulty: FaultyStore) -> None:
    assert guarded.get("a").data == b"one"
    assert guarded.get_range("a", 1, 2) == b"ne"
    with pytest.raises(ObjectNotFoundError):
        guarded.get("b")
    assert guarded.head("b") is None
    assert faulty.attempts == 4


def test_store_that_was_away_is_asked_again_after_the_pause(
    guarded: GuardedStore, faulty: FaultyStore, clock: Clock
) -> None:
    faulty.be_away()
    assert [refused(guarded) for _ in range(10)]
    assert faulty.attempts == 1
    clock.now += 5
    assert [refused(guarded) for _ in range(10)]
    assert faulty.attempts == 2
    faulty.be_back()
    assert refused(guarded)
    clock.now += 5
    assert [guarded.get("a").data for _ in range(2)] == [b"one", b"one"]


def test_only_one_caller_waits_for_a_store_that_may_be_back(
    guarded: GuardedStore, faulty: FaultyStore, clock: Clock
) -> None:
    faulty.be_away()
    refused(guarded)
    clock.now += 5
    faulty.be_back()
    faulty.is_answering.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(guarded.get, "a")
        wait_until(lambda: faulty.attempts == 2, "the store is asked")
        assert refused(guarded)
        faulty.is_answering.set()
        assert first.result().data == b"one"
    assert guarded.get("a").data == b"one"
