"""How long calls to GitHub may take where they are made: until a deadline, until the run is told to stop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from coding_agent.errors import CodingAgentError
from coding_agent.runs.stop import Stop

__all__ = ["Patience", "github_patience", "patience"]

_EVER = 1e9


@dataclass(frozen=True, slots=True)
class Patience:
    """`deadline` by `time.monotonic`; `longest_wait_s` bounds each wait that GitHub asks for."""

    deadline: float = float("inf")
    longest_wait_s: float = 120.0
    stop: Stop | None = None

    def left_s(self) -> float:
        """Seconds until the deadline. Raises CodingAgentError `github_unreachable` when there are none."""
        if self.stop is not None:
            self.stop.check()
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise CodingAgentError("github_unreachable", "GitHub did not answer in time; try again later")
        return min(left, _EVER)

    def allows(self, seconds: float) -> bool:
        """Whether one may wait so long."""
        return seconds <= self.longest_wait_s and time.monotonic() + seconds < self.deadline

    def wait(self, seconds: float) -> None:
        """Wait. Raises JobStoppedError soon after the run was told to stop."""
        if self.stop is None:
            time.sleep(seconds)
        else:
            self.stop.wait(seconds)
            self.stop.check()


_USUAL = Patience()
_CURRENT: ContextVar[Patience] = ContextVar("github_patience", default=_USUAL)


def patience() -> Patience:
    """What holds for calls that are made here and now."""
    return _CURRENT.get()


@contextmanager
def github_patience(*, seconds: float = float("inf"), stop: Stop | None = None) -> Iterator[None]:
    """Let all calls to GitHub within end after `seconds` together, and soon after `stop` is set."""
    before = _CURRENT.set(Patience(deadline=time.monotonic() + seconds, stop=stop))
    try:
        yield
    finally:
        _CURRENT.reset(before)
