"""After failures in a row nobody asks for a while; then one tries."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest

from finrag_ml_tg1.answering.models.circuit import CircuitBreaker, Permit
from finrag_ml_tg1.answering.models.errors import ModelCircuitError


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(failures_to_open=3, open_s=30.0, clock=clock)


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.fail(breaker.enter())


def test_circuit_stays_closed_below_the_limit_and_a_success_starts_the_count_anew(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    breaker.succeed(breaker.enter())
    fail(breaker, 2)

    breaker.enter()


def test_circuit_opens_at_the_limit_and_says_for_how_long(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10

    with pytest.raises(
        ModelCircuitError, match=r"^The language model is left alone for 20 s after repeated failures\.$"
    ):
        breaker.enter()


def test_one_caller_tries_when_the_time_is_over_while_the_others_wait(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30

    trial = breaker.enter()
    with pytest.raises(ModelCircuitError):
        breaker.enter()
    breaker.succeed(trial)

    breaker.enter()


def test_failed_trial_opens_the_circuit_again(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30
    fail(breaker, 1)

    clock.now += 29
    with pytest.raises(ModelCircuitError):
        breaker.enter()
    clock.now += 1
    breaker.enter()


def test_trial_that_was_given_up_leaves_room_for_another(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30
    breaker.leave(breaker.enter())

    breaker.enter()


def test_caller_from_before_does_not_end_the_trial_of_another(breaker: CircuitBreaker, clock: Clock) -> None:
    early = breaker.enter()
    fail(breaker, 3)
    clock.now += 30
    breaker.enter()

    breaker.leave(early)

    with pytest.raises(ModelCircuitError):
        breaker.enter()


def test_late_failures_do_not_prolong_the_wait(breaker: CircuitBreaker, clock: Clock) -> None:
    early = breaker.enter()
    fail(breaker, 3)
    clock.now += 29
    breaker.fail(early)

    clock.now += 1
    breaker.enter()


def test_only_one_of_many_threads_is_let_through(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30
    barrier = threading.Barrier(8)
    let_through: list[Permit] = []

    def ask() -> None:
        barrier.wait()
        try:
            let_through.append(breaker.enter())
        except ModelCircuitError:
            return

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(let_through) == 1
