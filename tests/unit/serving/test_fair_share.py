"""Who gets a place, and when those who get none are told to come back, by a clock of the test's own."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest

from serving.backend.fair_share import MAX_RETRY_AFTER_S, FairShare

WORKERS, WAITING = 2, 3


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def share(clock: Clock) -> FairShare:
    return FairShare(WORKERS, WAITING, clock, spread=lambda: 1.0)


def test_one_client_alone_may_have_all_workers_and_the_whole_queue(share: FairShare) -> None:
    assert [share.enter("a") for _ in range(WORKERS + WAITING)] == [0] * (WORKERS + WAITING)
    assert share.enter("a") > 0


def test_place_left_by_a_client_that_had_all_goes_to_the_one_that_was_sent_away(share: FairShare) -> None:
    for _ in range(WORKERS + WAITING + 3):
        share.enter("a")
    assert share.enter("b") > 0
    share.leave("a", 0.1)
    assert share.enter("a") > 0
    assert share.enter("b") == 0


def test_client_that_just_had_its_share_does_not_take_the_place_of_one_that_was_sent_away(share: FairShare) -> None:
    for name in ("a", "a", "b", "b", "c"):
        assert share.enter(name) == 0
    assert share.enter("d") > 0
    share.leave("a", 0.1)
    share.leave("b", 0.1)
    assert share.enter("a") > 0
    assert share.enter("d") == 0


def test_idle_worker_takes_whoever_comes(share: FairShare, clock: Clock) -> None:
    for _ in range(WORKERS + WAITING):
        share.enter("a")
    assert share.enter("c") > 0
    for name in ("a", "a", "a", "a", "a"):
        share.leave(name, 0.1)
    assert share.enter("a") == 0


def test_client_that_does_not_come_back_keeps_nobody_out_for_long(share: FairShare, clock: Clock) -> None:
    for name in ("a", "a", "b", "b", "c"):
        share.enter(name)
    assert share.enter("gone") > 0
    share.leave("a", 0.1)
    share.leave("b", 0.1)
    assert share.enter("a") > 0
    clock.now += MAX_RETRY_AFTER_S + 5
    assert share.enter("a") == 0


def test_wait_grows_with_those_that_are_to_come_back_and_with_the_time_a_question_takes(share: FairShare) -> None:
    for _ in range(200):
        share.enter("a")
        share.leave("a", 1.0)
    for number in range(WORKERS + WAITING):
        assert share.enter(f"inside-{number}") == 0
    waits = [share.enter(f"outside-{number}") for number in range(12)]
    # Five inside and two workers: two and a half seconds of work, and half a second more for each that waits outside.
    assert all(abs(wait - (2.5 + number / 2)) < 0.6 for number, wait in enumerate(waits))
    assert share.enter("outside-0") <= MAX_RETRY_AFTER_S


def test_client_that_asks_in_a_loop_makes_others_wait_little_longer(share: FairShare) -> None:
    for number in range(WORKERS + WAITING):
        share.enter(f"inside-{number}")
    before = share.enter("polite")
    for _ in range(1000):
        share.enter("hammering")
    assert share.enter("another") <= before + 2


def test_thousands_of_addresses_are_not_remembered(share: FairShare) -> None:
    for number in range(5000):
        assert share.enter(f"address-{number}") == 0
        share.leave(f"address-{number}", 0.01)
    assert share.known_clients <= 1024


@dataclass
class Simulation:
    """Clients that ask without end, and wait as they are told; answers take turns on the workers."""

    share: FairShare
    clock: Clock
    service_s: Callable[[], float]
    served: Counter[str] = field(default_factory=Counter)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _queue: list[str] = field(default_factory=list)
    _busy: int = 0
    _number: int = 0

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.clock.now + seconds, self._number, action))

    def ask(self, name: str) -> None:
        wait = self.share.enter(name)
        if wait:
            self.at(wait, lambda: self.ask(name))
        else:
            self._queue.append(name)
            self._work()

    def run(self, seconds: float) -> None:
        ends_at = self.clock.now + seconds
        while self._events and self._events[0][0] < ends_at:
            self.clock.now, _, action = heapq.heappop(self._events)
            action()

    def _work(self) -> None:
        while self._queue and self._busy < WORKERS:
            name, took = self._queue.pop(0), self.service_s()
            self._busy += 1
            self.at(took, partial(self._end, name, took))

    def _end(self, name: str, took: float) -> None:
        self._busy -= 1
        self.share.leave(name, took)
        self.served[name] += 1
        self._work()
        self.at(0.001, lambda: self.ask(name))


@pytest.mark.parametrize("seed", range(3))
def test_fifty_equal_clients_get_about_the_same_and_no_worker_idles_long(clock: Clock, seed: int) -> None:
    chooser = random.Random(seed)
    share = FairShare(WORKERS, WAITING, clock, spread=lambda: chooser.uniform(0.7, 1.3))
    simulation = Simulation(share, clock, lambda: chooser.expovariate(1 / 0.2))
    names = [f"client-{number}" for number in range(50)]
    for name in names:
        simulation.at(chooser.random(), partial(simulation.ask, name))
    simulation.run(600)
    counts = [simulation.served[name] for name in names]
    jain = sum(counts) ** 2 / (len(counts) * sum(count**2 for count in counts))
    assert jain > 0.97
    assert min(counts) > max(counts) / 2
    assert sum(counts) > 0.85 * 600 * WORKERS / 0.2


def test_client_with_one_question_at_a_time_is_served_beside_one_with_forty(clock: Clock) -> None:
    chooser = random.Random(5)
    share = FairShare(WORKERS, WAITING, clock, spread=lambda: chooser.uniform(0.7, 1.3))
    simulation = Simulation(share, clock, lambda: chooser.expovariate(1 / 0.2))
    for _ in range(40):
        simulation.at(chooser.random(), lambda: simulation.ask("greedy"))
    simulation.at(1, lambda: simulation.ask("polite"))
    simulation.run(300)
    # Alone it had one answer each 0.2 s; behind a full queue one in about 0.6 s is what is left.
    assert simulation.served["polite"] > 300
    assert simulation.served["greedy"] > 5 * 300
