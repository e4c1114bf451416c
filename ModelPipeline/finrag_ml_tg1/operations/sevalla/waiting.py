"""Waiting until something is reached at the platform, and no longer than was said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from finrag_ml_tg1.operations.sevalla.client import Clock

__all__ = ["POLL_S", "Deadline", "wait_for"]

V = TypeVar("V")

POLL_S = 10.0  # the least that the platform asks for between two looks (documentation: long-running operations)


class Deadline:
    """The end of a time that has begun."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    @property
    def left_s(self) -> float:
        """Seconds that are left, 0 when none are."""
        return max(0.0, self._end - self._clock.monotonic())


def wait_for(look: Callable[[], V], is_reached: Callable[[V], bool], deadline: Deadline, clock: Clock) -> V:
    """Return what `look` gave last: what is reached, or what there was at the deadline. It looks once at least."""
    while True:
        found = look()
        if is_reached(found) or deadline.left_s <= 0:
            return found
        clock.sleep(min(POLL_S, deadline.left_s))
