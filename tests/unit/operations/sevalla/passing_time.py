"""Time that passes when it is slept, and only then."""

from __future__ import annotations

from collections.abc import Callable

from finrag_ml_tg1.operations.sevalla.client import Clock

__all__ = ["PassingTime"]


class PassingTime:
    """A clock for the client; `on_sleep` is called before each sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None
        self.clock = Clock(lambda: self.now, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.on_sleep()
        self.slept.append(seconds)
        self.now += seconds
