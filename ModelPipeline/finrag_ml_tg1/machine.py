"""What this process may use of the machine, and what it has used; imports nothing of ours."""

from __future__ import annotations

import os
import resource

__all__ = ["cores", "peak_megabytes"]


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak_megabytes() -> int:
    """Return the most memory this process and the largest of its children held, in MB."""
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return max(own, children) // 1024
