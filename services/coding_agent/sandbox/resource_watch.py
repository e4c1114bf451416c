"""Bounds of a whole job that no limit of a process gives: memory of all its processes, disk of its folders."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from coding_agent.sandbox.job_processes import ProcessEntry, available_memory, memory_of

__all__ = ["ResourceWatch", "disk_use"]

_LONGEST_WITHOUT_COUNTING_S = 5.0
_MOST_FILES = 500_000


class ResourceWatch:
    """Says which bound a job has passed. `processes` gives the job's processes at the time it is called.

    Folders are counted when free space fell by an eighth of the bound, and every few seconds: counting a large tree
    takes longer than asking the file system. Against what neither finds (memory that no process maps, files without a
    name) the machine keeps a reserve, below which the job is ended.
    """

    def __init__(
        self,
        *,
        memory_bytes: int,
        disk_bytes: int,
        folders: Sequence[Path],
        processes: Callable[[], Sequence[ProcessEntry]],
    ) -> None:
        self._memory_bytes = memory_bytes
        self._disk_bytes = disk_bytes
        self._folders = folders
        self._processes = processes
        self._counted_at = time.monotonic()
        self._free_when_counted = self._free_disk()

    def passed(self) -> str | None:
        """Return which bound is passed, in words for the model, or None."""
        if memory_of(self._processes(), self._memory_bytes) > self._memory_bytes:
            return f"it used more than {self._memory_bytes >> 20} MiB of memory"
        left, total = available_memory()
        if left < min(512 << 20, total // 16):
            return "the machine has no memory left"
        free = self._free_disk()
        if free < min(256 << 20, self._disk_bytes):
            return "the disk is full"
        waited = time.monotonic() - self._counted_at > _LONGEST_WITHOUT_COUNTING_S
        if waited or self._free_when_counted - free > self._disk_bytes // 8:
            return self.disk_passed()
        return None

    def disk_passed(self) -> str | None:
        """Count the folders, and return which bound of them is passed, or None."""
        self._free_when_counted = self._free_disk()
        size, files = disk_use(self._folders)
        self._counted_at = time.monotonic()
        if size > self._disk_bytes:
            return f"its files take more than {self._disk_bytes >> 20} MiB"
        if files > _MOST_FILES:
            return f"it made more than {_MOST_FILES} files"
        return None

    def _free_disk(self) -> int:
        state = os.statvfs(self._folders[0])
        return state.f_bavail * state.f_frsize


def disk_use(folders: Sequence[Path]) -> tuple[int, int]:
    """Return bytes on disk and the number of entries below these folders; links are not followed.

    A folder that cannot be read, or vanishes meanwhile, counts as itself only.
    """
    size = files = 0
    ahead = [os.fspath(folder) for folder in folders]
    while ahead and files <= _MOST_FILES:
        try:
            with os.scandir(ahead.pop()) as entries:
                for entry in entries:
                    files += 1
                    try:
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            ahead.append(entry.path)
                    except FileNotFoundError:
                        continue
        except OSError:
            continue
    return size, files
