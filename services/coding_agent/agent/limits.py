"""What a run has used of what it may."""

from __future__ import annotations

import time
from collections.abc import Callable

from coding_agent.agent.language_model import Completion
from coding_agent.runs.assignment import RunLimits

__all__ = ["Usage"]

_WRAP_UP_FROM = 0.8


class Usage:
    """Counts answers, tokens and cost, and measures time from when it was made. `clock` gives seconds."""

    def __init__(self, limits: RunLimits, clock: Callable[[], float] = time.monotonic) -> None:
        if not (
            limits.steps >= 1
            and limits.cost_usd > 0
            and limits.wall_s > 0
            and limits.command_s > 0
            and limits.output_chars >= 1
            and limits.consecutive_format_errors >= 1
        ):
            raise ValueError("each limit of a run must be above 0: none of them can be switched off")
        self.limits = limits
        self.steps = 0
        self.input_tokens = 0
        self.output_tokens = 0
        self.cost_usd = 0.0
        self._clock = clock
        self._started = clock()

    def add(self, completion: Completion) -> None:
        """Count an answer of the model."""
        self.steps += 1
        self.input_tokens += completion.input_tokens
        self.output_tokens += completion.output_tokens
        self.cost_usd += completion.cost_usd

    @property
    def left_s(self) -> float:
        """Seconds until the time is over; 0 or less when it is."""
        return self.limits.wall_s - (self._clock() - self._started)

    def hint(self) -> str:
        """Return words for the model when four fifths of the steps, the money or the time are used; else nothing."""
        limits = self.limits
        used_s = limits.wall_s - self.left_s
        shares = (self.steps / limits.steps, self.cost_usd / limits.cost_usd, used_s / limits.wall_s)
        if max(shares) < _WRAP_UP_FROM:
            return ""
        return (
            f"Wrap up now: {self.steps} of {limits.steps} steps and {used_s / 60:.0f} of {limits.wall_s / 60:.0f} "
            "minutes are used, and work that is not submitted when they end is not used. "
            "Finish what you have begun, run the tests once more, and submit."
        )
