"""How long the stages of an answer take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["milliseconds_since", "timed"]


@contextmanager
def timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Enter into `timings` the milliseconds that the block takes."""
    began = time.perf_counter()
    yield
    timings[stage] = milliseconds_since(began)


def milliseconds_since(began: float) -> float:
    """Return the milliseconds since a time of `time.perf_counter`, with two places."""
    return round((time.perf_counter() - began) * 1000, 2)
