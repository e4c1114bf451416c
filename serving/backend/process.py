"""What this process uses, read from the operating system."""

from __future__ import annotations

import resource
import time
from pathlib import Path

__all__ = ["rss_megabytes", "uptime_seconds"]

_STARTED = time.monotonic()
_STATUS = Path("/proc/self/status")


def uptime_seconds() -> float:
    """Return the seconds since this module was loaded."""
    return round(time.monotonic() - _STARTED, 1)


def rss_megabytes() -> float:
    """Return the resident memory in MiB: current on Linux, the peak elsewhere."""
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmRSS:"):
                return round(int(line.split()[1]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
