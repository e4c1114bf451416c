"""What is to be sent to which application, and what a run of such steps gives in the end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from finrag_ml_tg1.operations.sevalla.client import Request
from finrag_ml_tg1.operations.sevalla.targets import Target

__all__ = ["Ending", "Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done with one application; without a request it is so already."""

    target: Target
    request: Request | None


class Ending(IntEnum):
    """How steps ended; the numbers are exit codes."""

    DONE = 0
    LATE = 1  # asked for, not reached in time
    FAILED = 2
    INTERRUPTED = 130  # by Ctrl-C, as shells say it
