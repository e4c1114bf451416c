"""Starts the steps of a system, each in a process of its own inside hard limits, and says what each took.

The search runs in a pod's limits first. A system that is killed there is asked again with the memory the machine can
spare, which is a limit too, so that nothing else on the machine is killed for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peer_process import QUIET, ROOT
from benchmarks.pod_limits import limited

__all__ = ["StepFailedError", "StepLimits", "run_step"]

Json = dict[str, Any]


class StepFailedError(Exception):
    """A step did not end well: killed for want of memory, out of time, or by an error of its own."""


@dataclass(frozen=True, slots=True)
class StepLimits:
    """What a step may take; it is ended when it takes more."""

    memory_mb: int
    cpus: float
    seconds: float


def run_step(
    python: Path, system: str, step: str, rows: Path, index: Path, limits: StepLimits, *, asked_s: float
) -> Json:
    """Return what a step, `build` or `search`, reports, with its group's peak; raises StepFailedError.

    `asked_s` is how long one kind of query is asked at most.
    """
    out = index.with_name(f"{index.name}.{step}.json")
    out.unlink(missing_ok=True)
    _forget(index)
    command = [str(python), "-m", "benchmarks.vector_peer_process", system, step, str(rows), str(index), str(out)]
    with limited(limits.memory_mb, limits.cpus) as group:
        process = subprocess.Popen(
            group.enclose([*command, str(asked_s)]), cwd=ROOT, env={**os.environ, **QUIET}, stdout=sys.stderr
        )
        try:
            status = process.wait(limits.seconds)
        except subprocess.TimeoutExpired as error:
            raise StepFailedError(f"not done after {limits.seconds:.0f} s") from error
        finally:
            process.kill()
            process.wait()
        if group.kills():
            raise StepFailedError(f"killed at {limits.memory_mb} MiB")
        if status:
            raise StepFailedError(f"ended with status {status}")
        peak = group.peak_mb()
    return {**json.loads(out.read_text(encoding="utf-8")), "cgroup_peak_mb": peak}


def _forget(index: Path) -> None:
    """Drop the index's files from the page cache: what the search reads of them then counts in its own group."""
    for path in index.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
