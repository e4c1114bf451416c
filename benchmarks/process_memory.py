"""The memory of this process and of its children while it works: the most held between two looks. Linux."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

__all__ = ["Held", "MemoryWatch", "growth"]

_INTERVAL_S = 0.05


@dataclass(frozen=True, slots=True)
class Held:
    """The most resident memory in MiB: of the process itself, and of the largest of its children (0 without any)."""

    main_mb: float
    child_mb: float


class MemoryWatch:
    """Looks at the memory twenty times a second, from its start to the end of its block."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._lock = threading.Lock()
        self._most = _held_now()

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def take(self) -> Held:
        """Return the most that was held since the last call."""
        now = _held_now()
        with self._lock:
            most, self._most = _larger(self._most, now), now
        return most

    def _watch(self) -> None:
        while not self._ended.wait(_INTERVAL_S):
            now = _held_now()
            with self._lock:
                self._most = _larger(self._most, now)


def growth(series: Sequence[float]) -> dict[str, float]:
    """Return how a series of MiB grows: its peak, the peaks of its thirds, and the slope of the last two thirds a step.

    The first third is left out of the slope: caches fill and libraries are loaded.
    """
    third = max(1, len(series) // 3)
    later = series[third:] or series
    middle = (len(later) - 1) / 2
    mean = sum(later) / len(later)
    spread = sum((place - middle) ** 2 for place in range(len(later)))
    slope = sum((place - middle) * (value - mean) for place, value in enumerate(later)) / spread if spread else 0.0
    return {
        "peak_mb": round(max(series), 1),
        "first_third_mb": round(max(series[:third]), 1),
        "last_third_mb": round(max(series[-third:]), 1),
        "slope_mb_per_step": round(slope, 3),
    }


def _larger(one: Held, other: Held) -> Held:
    return Held(max(one.main_mb, other.main_mb), max(one.child_mb, other.child_mb))


def _held_now() -> Held:
    children = [pid for listed in Path("/proc/self/task").glob("*/children") for pid in _read(listed).split()]
    return Held(_resident_mb(str(os.getpid())), max((_resident_mb(pid) for pid in children), default=0.0))


def _resident_mb(pid: str) -> float:
    lines = _read(Path("/proc", pid, "status")).splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def _read(path: Path) -> str:
    """A file of /proc, empty when its process or thread has just ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
