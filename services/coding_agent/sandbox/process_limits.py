"""Limits that the kernel keeps for each process of a command."""

from __future__ import annotations

import math
import os
import resource

from coding_agent.settings import Settings

__all__ = ["process_limits"]

# Languages reserve address space many times what they use (V8, the JVM): what is used is bounded by RLIMIT_DATA for
# a process, and for the job by watching.
_ADDRESS_SPACE = 8


def process_limits(settings: Settings, timeout_s: float) -> dict[int, int]:
    """Return limits by resource (RLIMIT_…), hard and soft alike; seconds, bytes, counts."""
    memory = settings.sandbox_memory_mb << 20
    return {
        resource.RLIMIT_AS: memory * _ADDRESS_SPACE,
        resource.RLIMIT_DATA: memory,
        resource.RLIMIT_FSIZE: settings.sandbox_disk_mb << 20,
        resource.RLIMIT_NPROC: settings.sandbox_processes,
        resource.RLIMIT_NOFILE: 4096,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 1 << 16,
        resource.RLIMIT_CPU: math.ceil(timeout_s * (os.cpu_count() or 1)) + 1,
    }
