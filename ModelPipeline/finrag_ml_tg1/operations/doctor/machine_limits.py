"""What this process may have of the machine: its container's limits (control groups 1 and 2), else the machine's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

__all__ = ["MachineLimits", "is_container", "read_limits"]

# Control groups of version 1 say "no limit" with a number near 2**63.
_UNLIMITED_BYTES = 1 << 60
_MEMORY_FILES = ("memory.max", "memory.high", "memory.limit_in_bytes")
_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))


@dataclass(frozen=True, slots=True)
class MachineLimits:
    """Memory in bytes and processors, and where the memory's limit comes from: "container" or "machine"."""

    memory_bytes: int
    memory_source: str
    cpus: float


def is_container() -> bool:
    """Return whether this process runs in a container or a pod."""
    return "KUBERNETES_SERVICE_HOST" in os.environ or any(mark.exists() for mark in _MARKS)


def read_limits(root: Path = Path("/")) -> MachineLimits:
    """Return the tightest limits that hold for this process; `root` is where /proc and /sys are."""
    machine = _machine_bytes(root)
    groups = _groups(root)
    limits = [number for path in groups for name in _MEMORY_FILES if (number := _number(path / name)) is not None]
    memory = min((limit for limit in limits if 0 < limit < _UNLIMITED_BYTES), default=machine)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for path in groups if (quota := _cpu_quota(path)) is not None]
    source = "container" if memory < machine else "machine"
    return MachineLimits(min(memory, machine), source, min([float(cores), *quotas]))


def _machine_bytes(root: Path) -> int:
    try:
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) * 1024
    except OSError:  # no Linux
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return _UNLIMITED_BYTES


def _groups(root: Path) -> list[Path]:
    """Return the folders of the control groups of this process and of those above them."""
    mounted = root / "sys/fs/cgroup"
    folders: dict[Path, None] = {}
    for controllers, place in _memberships(root):
        for top in (mounted, *(mounted / name for name in controllers)):
            # Inside a container its own group is mounted at the top, and the path is the host's.
            for part in (place, *place.parents):
                folders[top / part.relative_to("/")] = None
            folders[top] = None
    return [folder for folder in folders if folder.is_dir()]


def _memberships(root: Path) -> list[tuple[list[str], PurePosixPath]]:
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, place = line.split(":", 2)
        names = [name for name in {controllers, *controllers.split(",")} if name and "=" not in name]
        found.append((names, PurePosixPath("/") / place.lstrip("/")))
    return found


def _cpu_quota(folder: Path) -> float | None:
    """Return how many processors' time the group may use, None without a limit."""
    try:
        quota, period = (folder / "cpu.max").read_text().split()
    except (OSError, ValueError):
        whole, every = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
        return whole / every if whole is not None and every and whole > 0 else None
    return None if quota == "max" else int(quota) / int(period)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # no such limit here, or "max"
        return None
