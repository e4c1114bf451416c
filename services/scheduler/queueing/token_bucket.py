"""So many per second, evenly: no bursts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

__all__ = ["TokenBucket"]

# Tokens of so much time can be saved up: enough for a loop that is late now and then.
_SAVED_S = 0.05


class TokenBucket:
    """Tokens that come at a steady rate. BullMQ's own limiter lets a batch through every five seconds."""

    def __init__(self, per_second: float, *, clock: Callable[[], float] = monotonic) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second * _SAVED_S)
        self._left = self._most
        self._clock = clock
        self._at = clock()

    async def take(self) -> None:
        """Return when there is a token, in the order of asking."""
        self._fill()
        self._left -= 1
        if self._left < 0:
            try:
                await asyncio.sleep(-self._left / self._per_second)
            except asyncio.CancelledError:
                self.give_back()
                raise

    def give_back(self) -> None:
        """Return a token that was not used."""
        self._left = min(self._most, self._left + 1)

    def _fill(self) -> None:
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
