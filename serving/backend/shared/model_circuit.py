"""The circuit of a language model for all back ends: what one has found out, the others need not."""

from __future__ import annotations

import uuid

from finrag_ml_tg1.answering.models.circuit import FAILURES_TO_OPEN, OPEN_S, CircuitBreaker, Permit
from finrag_ml_tg1.answering.models.errors import ModelCircuitError
from serving.backend.shared.circuit import RedisCircuit
from serving.backend.shared.connection import SharedAwayError, SharedRedis

__all__ = ["SharedModelCircuit"]

# Longer than most answers take; one that takes longer may see a second trial beside it.
_TRIAL_S = 60.0


class _Attempt(Permit):
    """A permit that all back ends know of."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex


class SharedModelCircuit:
    """A Circuit over a Redis; this process's own breaker learns the same, and decides while the Redis is away."""

    def __init__(self, shared: SharedRedis, model: str) -> None:
        self._shared = shared
        self._own = CircuitBreaker()
        self._circuit = RedisCircuit(
            shared, f"model:{model}", failures_to_open=FAILURES_TO_OPEN, open_s=OPEN_S, trial_s=_TRIAL_S
        )
        self._is_open = False
        shared.watch(self._look)

    @property
    def is_open(self) -> bool:
        """Whether the model is left alone, or tried once; as of a second ago."""
        return self._own.is_open if self._shared.outage else self._is_open

    def enter(self) -> Permit:
        """Return the right to ask; raises ModelCircuitError while the circuit is open."""
        attempt = _Attempt()
        try:
            verdict = self._circuit.enter(attempt.id)
        except SharedAwayError:
            return self._own.enter()
        self._is_open = verdict.state != "closed"
        if not verdict.may_pass:
            raise ModelCircuitError(max(verdict.wait_s, 1.0))
        return attempt

    def succeed(self, permit: Permit) -> None:
        """The model answered: the circuit is closed."""
        self._own.succeed(permit)
        self._is_open = False
        self._shared.later(self._circuit.succeed)

    def fail(self, permit: Permit) -> None:
        """The model failed."""
        self._own.fail(permit)
        member = _id(permit) or uuid.uuid4().hex
        self._shared.later(lambda: self._circuit.fail(_id(permit), member))

    def leave(self, permit: Permit) -> None:
        """Nothing was learned about the model."""
        self._own.leave(permit)
        self._shared.later(lambda: self._circuit.leave(_id(permit)))

    def _look(self) -> None:
        self._is_open = self._circuit.look() != "closed"


def _id(permit: Permit) -> str:
    """Return what all know a permit by; "" for one of this process alone, which is nobody's trial."""
    return permit.id if isinstance(permit, _Attempt) else ""
