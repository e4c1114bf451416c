"""A pod's hard limits on memory and CPU for a child process: control groups, version 1 or 2. Needs root on Linux."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PodLimits", "forget_pages", "limited", "why_not_limited"]

_ROOT = Path("/sys/fs/cgroup")
_PERIOD_US = 100_000
_REMOVALS = 50


@dataclass(frozen=True, slots=True)
class PodLimits:
    """The folders of one control group."""

    memory: Path
    cpu: Path

    def enclose(self, command: Sequence[str]) -> list[str]:
        """Return the command that runs `command` under the limits from its first instruction on."""
        joins = [f"echo $$ > {shlex.quote(str(folder / 'cgroup.procs'))}" for folder in {self.memory, self.cpu}]
        return ["sh", "-c", " && ".join([*joins, 'exec "$@"']), "sh", *command]

    def peak_mb(self) -> float:
        """Return the most memory the group has held, file pages included, in MiB."""
        names = ("memory.peak", "memory.max_usage_in_bytes")
        peak = next(path for path in (self.memory / name for name in names) if path.exists())
        return round(int(peak.read_text()) / 2**20, 1)

    def kills(self) -> int:
        """Return how many processes were killed for want of memory."""
        names = ("memory.events", "memory.oom_control")
        events = next(path for path in (self.memory / name for name in names) if path.exists())
        return next(int(line.split()[1]) for line in events.read_text().splitlines() if line.startswith("oom_kill "))


@contextmanager
def limited(memory_mb: int, cpus: float) -> Iterator[PodLimits]:
    """Make a group with hard limits until the block ends; raises OSError where control groups cannot be written."""
    limits = _make(f"finrag-{os.getpid()}-{time.monotonic_ns()}", memory_mb * 2**20, int(cpus * _PERIOD_US))
    try:
        yield limits
    finally:
        for folder in {limits.memory, limits.cpu}:
            _remove(folder)


def forget_pages(folder: Path) -> None:
    """Take the files of a folder out of the machine's page cache: pages that others read are not charged to a group."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def why_not_limited() -> str | None:
    """Return why no limits can be set on this machine, None where they can."""
    try:
        with limited(64, 1):
            return None
    except OSError as error:
        return f"control groups cannot be written: {error}"


def _make(name: str, memory_bytes: int, quota_us: int) -> PodLimits:
    if (_ROOT / "cgroup.controllers").exists():
        group = _ROOT / name
        group.mkdir()
        (_ROOT / "cgroup.subtree_control").write_text("+memory +cpu")
        (group / "memory.max").write_text(str(memory_bytes))
        (group / "cpu.max").write_text(f"{quota_us} {_PERIOD_US}")
        return PodLimits(group, group)
    limits = PodLimits(_ROOT / "memory" / name, _ROOT / "cpu" / name)
    limits.memory.mkdir()
    limits.cpu.mkdir()
    (limits.memory / "memory.limit_in_bytes").write_text(str(memory_bytes))
    (limits.cpu / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
    (limits.cpu / "cpu.cfs_quota_us").write_text(str(quota_us))
    return limits


def _remove(folder: Path) -> None:
    """Remove a group; one that has just lost its last process is busy for a moment."""
    for _ in range(_REMOVALS):
        try:
            folder.rmdir()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise OSError(f"{folder} still holds a process")
