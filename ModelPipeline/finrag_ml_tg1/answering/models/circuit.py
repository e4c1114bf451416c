"""Keeps a model that fails from being asked again and again: after some failures in a row nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from finrag_ml_tg1.answering.models.errors import ModelCircuitError

__all__ = ["FAILURES_TO_OPEN", "OPEN_S", "Circuit", "CircuitBreaker", "Permit"]

FAILURES_TO_OPEN = 5
OPEN_S = 30.0


class Permit:
    """The right to ask once; given back by exactly one of the circuit's `succeed`, `fail` and `leave`."""


class Circuit(Protocol):
    """Says whether a model may be asked, and learns what came of it. Safe for use from several threads."""

    @property
    def is_open(self) -> bool:
        """Whether the model is left alone, or tried once."""

    def enter(self) -> Permit:
        """Return the right to ask; raises ModelCircuitError while the circuit is open."""

    def succeed(self, permit: Permit) -> None:
        """The model answered."""

    def fail(self, permit: Permit) -> None:
        """The model failed."""

    def leave(self, permit: Permit) -> None:
        """Nothing was learned about the model."""


class CircuitBreaker:
    """Opens after `failures_to_open` failures in a row for `open_s`; then one caller tries while the others still wait.

    Safe for use from several threads.
    """

    def __init__(
        self,
        *,
        failures_to_open: int = FAILURES_TO_OPEN,
        open_s: float = OPEN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures_to_open = failures_to_open
        self._open_s = open_s
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until: float | None = None
        self._trial: Permit | None = None

    @property
    def is_open(self) -> bool:
        """Whether the model is left alone, or tried once."""
        return self._open_until is not None

    def enter(self) -> Permit:
        """Return the right to ask; raises ModelCircuitError while the circuit is open."""
        with self._lock:
            permit = Permit()
            if self._open_until is None:
                return permit
            wait_s = self._open_until - self._clock()
            if wait_s > 0 or self._trial is not None:
                raise ModelCircuitError(max(wait_s, 1.0))
            self._trial = permit
            return permit

    def succeed(self, permit: Permit) -> None:
        """The model answered: the circuit is closed."""
        with self._lock:
            self._end_trial(permit)
            self._failures = 0
            self._open_until = None

    def fail(self, permit: Permit) -> None:
        """The model failed: the circuit opens if that was once too often, and again if this was the trial."""
        with self._lock:
            was_trial = self._end_trial(permit)
            self._failures += 1
            if was_trial or (self._open_until is None and self._failures >= self._failures_to_open):
                self._open_until = self._clock() + self._open_s

    def leave(self, permit: Permit) -> None:
        """Nothing was learned about the model."""
        with self._lock:
            self._end_trial(permit)

    def _end_trial(self, permit: Permit) -> bool:
        if self._trial is not permit:
            return False
        self._trial = None
        return True
