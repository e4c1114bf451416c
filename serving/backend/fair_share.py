"""Whose question is let in when more are asked than can be answered, and when those that are refused come back.

A client that was served just now asks again at once, and finds the place free that it left; without a rule those who
have a place keep it, and the others are refused for ever. So a place where a question would have to wait is given to
clients that had no more than their share, as long as others are about to come back as they were told.
"""

from __future__ import annotations

import math
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["MAX_RETRY_AFTER_S", "FairShare"]

MAX_RETRY_AFTER_S = 15
# What a client had counts half after so long.
_HALF_LIFE_S = 30.0
# Who does not come back so long after the time it was told has given up.
_OVERDUE_S = 3.0
# A place is kept for who comes back within so long.
_SOON_S = 1.0
# So many of its refused questions lengthen the wait of other clients: who asks in a loop makes nobody else wait long.
_COUNTED_OF_OTHERS = 4
_MOST_RETURNS = 64
_MOST_CLIENTS = 1024
# How long a question is thought to take before any was answered, and how much the latest counts afterwards.
_FIRST_GUESS_S = 0.1
_WEIGHT_OF_LATEST = 0.1


@dataclass(slots=True, eq=False)
class _Client:
    """What is known of one client: its questions that have a place, those it had, and when refused ones come back."""

    inside: int = 0
    had: float = 0.0
    counted_at: float = 0.0
    returns: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_RETURNS))


class FairShare:
    """Gives `workers` + `waiting` places. For one thread (the event loop).

    `spread()` gives the factor of 1 or more by which a wait is drawn out, so that refused clients come back one by one.
    """

    def __init__(
        self,
        workers: int,
        waiting: int,
        clock: Callable[[], float] = time.monotonic,
        spread: Callable[[], float] = lambda: random.uniform(0.7, 1.3),
    ) -> None:
        self._workers = workers
        self._waiting = waiting
        self._clock = clock
        self._spread = spread
        self._clients: dict[str, _Client] = {}
        self._inside = 0
        self._mean_work_s = _FIRST_GUESS_S

    @property
    def inside(self) -> int:
        """How many places are taken."""
        return self._inside

    @property
    def known_clients(self) -> int:
        """How many clients are remembered; bounded, whoever comes."""
        return len(self._clients)

    def enter(self, name: str) -> int:
        """Give a client a place and return 0, or return after how many seconds it should ask again."""
        now = self._clock()
        client = self._seen(name, now)
        if not self._may_enter(client, now):
            return self._told_to_return(client, now)
        if client.returns:
            client.returns.popleft()
        client.inside += 1
        client.had += 1
        self._inside += 1
        return 0

    def leave(self, name: str, work_s: float | None) -> None:
        """Take a place back; `work_s` is how long its question was worked on, None when it never was."""
        self._clients[name].inside -= 1
        self._inside -= 1
        if work_s is not None:
            self._mean_work_s += _WEIGHT_OF_LATEST * (work_s - self._mean_work_s)

    def _may_enter(self, client: _Client, now: float) -> bool:
        if self._inside < self._workers:
            return True
        if self._inside >= self._workers + self._waiting:
            return False
        others = [other for other in self._clients.values() if other is not client]
        returning = [other for other in others if self._is_returning(other, now)]
        if not returning:
            return True
        contending = [client, *returning, *(other for other in others if other.inside and other not in returning)]
        mean = sum(self._had(other, now) for other in contending) / len(contending)
        return self._had(client, now) <= mean

    def _told_to_return(self, client: _Client, now: float) -> int:
        outside = sum(
            min(self._expected(other, now), _MOST_RETURNS if other is client else _COUNTED_OF_OTHERS)
            for other in self._clients.values()
        )
        seconds = (self._inside + outside) * self._mean_work_s / self._workers
        seconds = min(max(round(seconds * self._spread()), 1), MAX_RETRY_AFTER_S)
        client.returns.append(now + seconds)
        return seconds

    def _is_returning(self, client: _Client, now: float) -> bool:
        return self._expected(client, now) > 0 and min(client.returns) <= now + _SOON_S

    def _expected(self, client: _Client, now: float) -> int:
        """How many of a client's refused questions are to come back."""
        while client.returns and client.returns[0] < now - _OVERDUE_S:
            client.returns.popleft()
        return len(client.returns)

    def _had(self, client: _Client, now: float) -> float:
        client.had *= math.pow(0.5, (now - client.counted_at) / _HALF_LIFE_S)
        client.counted_at = now
        return client.had

    def _seen(self, name: str, now: float) -> _Client:
        """Return a client, as the one seen last; those not seen for longest are forgotten when they are too many."""
        client = self._clients.pop(name, None) or _Client(counted_at=now)
        self._clients[name] = client
        if len(self._clients) > _MOST_CLIENTS:
            oldest = next((name for name, other in self._clients.items() if not other.inside), name)
            del self._clients[oldest]
            self._clients.setdefault(name, client)
        return client
