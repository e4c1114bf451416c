"""What this process may use of the machine, and what it has used; imports nothing of ours."""

from __future__ import annotations

import os
import resource

__all__ = ["cores", "peak_megabytes", "raise_file_limit"]

_ENOUGH_FILES = 65_536


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def raise_file_limit() -> None:
    """Let this process and its children open as many files as they are allowed to.

    Each mapped file of an index holds one, and many systems begin with 1,024.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def peak_megabytes() -> int:
    """Return the most memory this process and the largest of its children held, in MB."""
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return max(own, children) // 1024
