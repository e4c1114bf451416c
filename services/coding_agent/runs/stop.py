"""Telling a run to stop, from another thread, with the reason."""

from __future__ import annotations

import threading
from enum import StrEnum

from coding_agent.errors import JobStoppedError

__all__ = ["Stop", "StopReason"]


class StopReason(StrEnum):
    """Why a run stops before its end."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    DRAINING = "draining"
    LEASE_LOST = "lease_lost"


_WORDS = {
    StopReason.CANCELLED: "The job was cancelled",
    StopReason.TIMED_OUT: "The job ran out of time",
    StopReason.DRAINING: "The worker is shutting down",
    StopReason.LEASE_LOST: "Another worker has the job",
}


class Stop:
    """Set once, by the first who has a reason."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._reason: StopReason | None = None

    def set(self, reason: StopReason) -> None:
        """Tell everybody who waits or checks; later reasons are not heard."""
        with self._lock:
            if self._reason is None:
                self._reason = reason
                self._event.set()

    @property
    def reason(self) -> StopReason | None:
        """Why, or None while nobody has said to stop."""
        return self._reason

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; return whether it is time to stop."""
        return self._event.wait(seconds)

    def check(self) -> None:
        """Raise JobStoppedError if it is time to stop."""
        if self._reason is not None:
            raise JobStoppedError(self._reason, _WORDS[self._reason])
