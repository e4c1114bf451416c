"""The shared circuit against a model of it: closed, open, half-open with one trial, whichever back end asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.answering.models.circuit import CircuitBreaker, Permit
from finrag_ml_tg1.answering.models.errors import ModelCircuitError
from serving.backend.shared.circuit import CircuitState, RedisCircuit
from serving.backend.shared.connection import SharedRedis
from serving.backend.shared.model_circuit import SharedModelCircuit
from tests.local_processes import wait_until
from tests.redis_server import RedisServer
from tests.unit.serving.shared.conftest import OpenShared

FAILURES = 3
# Longer than any test: time passes by `let_pass` alone.
OPEN_S, TRIAL_S = 3600.0, 1800.0
_LET_PASS = """
for _, name in ipairs({'open_until', 'trial_until'}) do
    if redis.call('HEXISTS', KEYS[1], name) == 1 then redis.call('HINCRBY', KEYS[1], name, ARGV[1]) end
end
"""


def circuits(shared: SharedRedis, back_ends: int = 2) -> tuple[list[RedisCircuit], Callable[[float], None]]:
    """A circuit as several back ends have it, and what has time pass for it."""
    name = uuid.uuid4().hex
    made = [
        RedisCircuit(shared, name, failures_to_open=FAILURES, open_s=OPEN_S, trial_s=TRIAL_S) for _ in range(back_ends)
    ]

    def let_pass(seconds: float) -> None:
        shared.run(_LET_PASS, (f"{shared.prefix}circuit:{name}",), (round(-1000 * seconds),))

    return made, let_pass


@dataclass
class Told:
    """The circuit as the three states are described in words, with a clock of its own."""

    now: float = 0.0
    failed: set[str] = field(default_factory=set)
    open_until: float | None = None
    trial: str = ""
    trial_until: float = 0.0

    @property
    def state(self) -> CircuitState:
        if self.open_until is None:
            return "closed"
        return "open" if self.now < self.open_until else "half-open"

    def enter(self, attempt: str) -> bool:
        if self.state != "half-open":
            return self.state == "closed"
        if self.trial and self.now < self.trial_until:
            return False
        self.trial, self.trial_until = attempt, self.now + TRIAL_S
        return True

    def succeed(self) -> None:
        self.failed, self.open_until, self.trial = set(), None, ""

    def fail(self, attempt: str) -> None:
        was_trial = bool(self.trial) and attempt == self.trial
        self.leave(attempt)
        self.failed.add(attempt)
        if was_trial or (self.open_until is None and len(self.failed) >= FAILURES):
            self.open_until = self.now + OPEN_S

    def leave(self, attempt: str) -> None:
        if attempt == self.trial:
            self.trial = ""


DEEDS = st.one_of(
    st.tuples(st.just("enter"), st.integers(0, 1)),
    st.tuples(st.sampled_from(("succeed", "fail", "fail", "leave")), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.sampled_from((TRIAL_S / 2, TRIAL_S + 10, OPEN_S + 10))),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(DEEDS, max_size=40))
def test_shared_circuit_is_as_its_states_are_described(
    redis_server: RedisServer, deeds: list[tuple[str, float]]
) -> None:
    """SU-06: closed, open and half-open with one probe over all replicas, in whatever order things happen."""
    shared = SharedRedis(redis_server.url, "test:circuits:")
    (first, second), let_pass = circuits(shared)
    told = Told()
    attempts: list[str] = []
    for deed, number in deeds:
        circuit = (first, second)[int(number) % 2]
        attempt = attempts[int(number) % len(attempts)] if attempts else ""
        if deed == "wait":
            told.now += number
            let_pass(number)
        elif deed == "enter":
            attempt = uuid.uuid4().hex
            assert circuit.enter(attempt).may_pass == told.enter(attempt)
            attempts.append(attempt)
        elif not attempts:
            continue
        elif deed == "succeed":
            circuit.succeed()
            told.succeed()
        elif deed == "fail":
            circuit.fail(attempt, attempt)
            told.fail(attempt)
        else:
            circuit.leave(attempt)
            told.leave(attempt)
        assert first.look() == second.look() == told.state
    shared.close()


def test_one_of_many_back_ends_tries(open_shared: OpenShared) -> None:
    """SU-06: half-open, one probe over all replicas."""
    several, let_pass = circuits(open_shared(), back_ends=8)
    for number in range(FAILURES):
        several[number].fail("", f"failure {number}")
    let_pass(OPEN_S)

    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda number: several[number % 8].enter(f"attempt {number}"), range(40)))

    assert [verdict.state for verdict in verdicts] == ["half-open"] * 40
    assert sum(verdict.may_pass for verdict in verdicts) == 1


def test_clock_of_the_redis_that_is_put_back_keeps_the_circuit_open_no_longer(open_shared: OpenShared) -> None:
    (circuit,), let_pass = circuits(open_shared(), back_ends=1)
    for number in range(FAILURES):
        circuit.fail("", f"failure {number}")
    let_pass(-10 * OPEN_S)

    assert circuit.enter("attempt").may_pass
    let_pass(-10 * OPEN_S)
    assert circuit.enter("another").may_pass


def test_model_that_one_back_end_found_failing_is_left_alone_by_the_other(open_shared: OpenShared) -> None:
    first, second = SharedModelCircuit(open_shared(), "m"), SharedModelCircuit(open_shared(), "m")
    for _ in range(5):
        first.fail(first.enter())

    wait_until(lambda: first.is_open and second.is_open, "both have heard of it")
    with pytest.raises(ModelCircuitError, match="left alone for 30 s"):
        second.enter()
    second.succeed(Permit())
    wait_until(lambda: not first.is_open, "the first has heard that it answers")
    first.enter()


def test_each_goes_by_its_own_circuit_while_the_redis_is_away(
    mortal_redis: RedisServer, open_mortal: OpenShared
) -> None:
    """SU-06: an outage of the shared Redis is no failure of a reader's question."""
    failing, other = SharedModelCircuit(open_mortal(), "m"), SharedModelCircuit(open_mortal(), "m")
    for _ in range(3):
        failing.fail(failing.enter())
    mortal_redis.kill()
    for _ in range(2):
        failing.fail(failing.enter())

    with pytest.raises(ModelCircuitError):
        failing.enter()
    assert failing.is_open
    other.enter()


def test_own_and_shared_circuit_open_after_as_many_failures(open_shared: OpenShared) -> None:
    shared, own = SharedModelCircuit(open_shared(), "m"), CircuitBreaker()
    for circuit in (shared, own):
        for _ in range(4):
            circuit.fail(circuit.enter())
        assert not circuit.is_open
        circuit.fail(circuit.enter())
    wait_until(lambda: shared.is_open, "the shared one is open")
    assert own.is_open
