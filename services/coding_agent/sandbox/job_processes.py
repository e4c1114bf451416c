"""Which processes belong to a command, and the memory they have, as /proc tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ProcessEntry", "all_processes", "available_memory", "descendants", "memory_of"]


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """A process: its parent, the user it runs as (whatever it says of being dumpable), and its memory in bytes.

    `memory` is anonymous and shared memory that is mapped: pages of files can be dropped, and do not count.
    """

    pid: int
    parent: int
    uid: int
    is_zombie: bool
    memory: int


def all_processes() -> list[ProcessEntry]:
    """Return the processes that this process can see now."""
    found = (_entry(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdecimal())
    return [entry for entry in found if entry is not None]


def descendants(root: int, processes: Iterable[ProcessEntry]) -> list[ProcessEntry]:
    """Return the processes below `root`, without itself: a process namespace keeps its orphans there."""
    children: dict[int, list[ProcessEntry]] = {}
    for entry in processes:
        children.setdefault(entry.parent, []).append(entry)
    found: list[ProcessEntry] = []
    seen = {root}
    ahead = [root]
    while ahead:
        for entry in children.get(ahead.pop(), ()):
            if entry.pid not in seen:
                seen.add(entry.pid)
                found.append(entry)
                ahead.append(entry.pid)
    return found


def memory_of(processes: Iterable[ProcessEntry], limit: int) -> int:
    """Return the bytes of memory of these processes together.

    What they share is counted once when the plain sum is above `limit`, as far as the kernel says it.
    """
    entries = list(processes)
    plain = sum(entry.memory for entry in entries)
    if plain <= limit:
        return plain
    return sum(_proportional_memory(entry) for entry in entries)


def available_memory() -> tuple[int, int]:
    """Return bytes of memory that this machine has left, and bytes that it has."""
    with Path("/proc/meminfo").open(encoding="ascii") as file:
        values = dict(line.split(":", 1) for line in file)
    return _kib(values["MemAvailable"]), _kib(values["MemTotal"])


def _entry(pid: int) -> ProcessEntry | None:
    try:
        with Path(f"/proc/{pid}/status").open(encoding="utf-8", errors="replace") as file:
            values = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except (FileNotFoundError, ProcessLookupError):
        return None  # It has ended meanwhile.
    return ProcessEntry(
        pid=pid,
        parent=int(values["PPid"]),
        uid=int(values["Uid"].split(maxsplit=1)[0]),
        is_zombie=values["State"].startswith(("Z", "X")),
        memory=_kib(values.get("RssAnon", "0 kB")) + _kib(values.get("RssShmem", "0 kB")),
    )


def _proportional_memory(entry: ProcessEntry) -> int:
    try:
        with Path(f"/proc/{entry.pid}/smaps_rollup").open(encoding="ascii") as file:
            next(file, None)
            values = dict(line.split(":", 1) for line in file)
    except (FileNotFoundError, ProcessLookupError):
        return 0
    except PermissionError:
        return entry.memory  # It hides itself from its own user: nothing is shared in its favour.
    return _kib(values.get("Pss_Anon", "0 kB")) + _kib(values.get("Pss_Shmem", "0 kB"))


def _kib(text: str) -> int:
    return int(text.split(maxsplit=1)[0]) * 1024
