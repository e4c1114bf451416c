"""How often runs may be asked for: each is a job that Redis keeps until a worker has made the call."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from scheduler.errors import ApiError

__all__ = ["MOST_RUNS", "RunLimit"]

# Of one workspace, in a minute, through one replica.
MOST_RUNS = 60
_MINUTE_S = 60


class RunLimit:
    """Counts the runs that each workspace asks for in this minute."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._minute = 0
        self._asked: Counter[str] = Counter()

    def check(self, workspace_id: str) -> None:
        """Count a run. Raises ApiError 429 where it is one too many."""
        minute, second = divmod(int(self._clock()), _MINUTE_S)
        if minute != self._minute:
            self._minute = minute
            self._asked.clear()
        if self._asked[workspace_id] >= MOST_RUNS:
            told = f"A workspace may ask for {MOST_RUNS} runs in a minute: ask again in the next, or let it run by cron"
            raise ApiError(429, "too_many_runs", told, retry_after_s=_MINUTE_S - second)
        self._asked[workspace_id] += 1
