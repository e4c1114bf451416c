"""A store that is away is asked seldom and by no question; one that is there is not noticed to be guarded."""

from __future__ import annotations

import time
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
    return GuardedStore(faulty, 5, "a", clock)


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


def asks_aside(guarded: GuardedStore, faulty: FaultyStore, clock: Clock) -> None:
    """Let the pause end, and wait until the store was asked aside."""
    clock.now += 5
    asked = faulty.attempts
    assert refused(guarded)
    wait_until(lambda: faulty.attempts > asked and not guarded.is_probing, "the store was asked")


def test_store_that_was_away_is_asked_again_after_the_pause(
    guarded: GuardedStore, faulty: FaultyStore, clock: Clock
) -> None:
    faulty.be_away()
    assert [refused(guarded) for _ in range(10)]
    assert faulty.attempts == 1
    asks_aside(guarded, faulty, clock)
    assert [refused(guarded) for _ in range(10)]
    assert faulty.attempts == 2
    assert "the store is away" in guarded.outage
    faulty.be_back()
    assert refused(guarded)
    asks_aside(guarded, faulty, clock)
    assert guarded.outage == ""
    assert [guarded.get("a").data for _ in range(2)] == [b"one", b"one"]


def test_no_caller_waits_for_a_store_that_may_be_back(guarded: GuardedStore, faulty: FaultyStore, clock: Clock) -> None:
    faulty.be_away()
    refused(guarded)
    clock.now += 5
    faulty.is_answering.clear()
    began = time.monotonic()
    assert [refused(guarded) for _ in range(10)]
    assert time.monotonic() - began < 1
    wait_until(lambda: faulty.attempts == 2, "the store is asked, once")
    faulty.be_back()
    faulty.is_answering.set()
    wait_until(lambda: not guarded.outage, "the answer is noticed")
    assert faulty.attempts == 2


def test_all_may_read_at_once_when_the_store_is_back(guarded: GuardedStore, faulty: FaultyStore, clock: Clock) -> None:
    faulty.be_away()
    refused(guarded)
    faulty.be_back()
    asks_aside(guarded, faulty, clock)
    faulty.is_answering.clear()
    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(guarded.get, "a") for _ in range(4)]
        wait_until(lambda: faulty.attempts == 2 + 4, "all are asking")
        faulty.is_answering.set()
        assert [read.result().data for read in reads] == [b"one"] * 4


def test_store_that_answers_without_the_object_is_not_away(
    guarded: GuardedStore, faulty: FaultyStore, clock: Clock
) -> None:
    faulty.be_away()
    refused(guarded)
    faulty.be_back()
    faulty.inner.delete("a")
    asks_aside(guarded, faulty, clock)
    assert guarded.outage == ""
