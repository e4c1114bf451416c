"""SEC's limit of ten requests a second, kept by all threads and processes of a machine together.

They share a file that holds the next free moment. Each takes it under a lock, moves it on, and waits without the lock,
so that a process that is stopped or killed while it waits holds nobody up.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

__all__ = ["MAX_PAUSE_S", "REQUESTS_PER_SECOND", "RateLimit"]

# SEC allows ten. Departures lie at most _MAX_LATE_S behind moments 1/8 s apart, so any second sees nine at most; the
# tenth is for what the network bunches up.
REQUESTS_PER_SECOND = 8
_MAX_LATE_S = 0.05
# SEC serves a throttled address again after ten minutes of quiet.
MAX_PAUSE_S = 600.0


class RateLimit:
    """Moments at which requests may leave; `clock` is wall time in seconds, the same for all processes."""

    def __init__(self, file: Path, *, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._file = file
        self._clock = clock
        self._sleep = sleep

    def wait(self) -> None:
        """Return when one request may leave; OSError when the file cannot be used."""
        while True:
            moment = self._next_moment(lambda free: (free, free + 1 / REQUESTS_PER_SECOND))
            wait_s = moment - self._clock()
            if wait_s > 0:
                self._sleep(wait_s)
            if self._clock() <= moment + _MAX_LATE_S:
                return

    def postpone(self, pause_s: float) -> None:
        """Let no further request leave for `pause_s` seconds (at most MAX_PAUSE_S), in any process."""
        until = self._clock() + min(pause_s, MAX_PAUSE_S)
        self._next_moment(lambda free: (free, max(free, until)))

    def _next_moment(self, take: Callable[[float], tuple[float, float]]) -> float:
        """Return the first of what `take` makes of the next free moment, and keep the second as the new one."""
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            moment, free = take(self._free_moment(os.pread(descriptor, 32, 0)))
            # Of one length always, so that a process killed here leaves a number, not the end of an older one.
            os.pwrite(descriptor, f"{free:031.6f}\n".encode(), 0)
        finally:
            os.close(descriptor)
        return moment

    def _free_moment(self, content: bytes) -> float:
        now = self._clock()
        try:
            free = float(content)
        except ValueError:
            return now
        # A moment further away than any pause was written before the clock was set back.
        return max(now, free) if free <= now + 2 * MAX_PAUSE_S else now
