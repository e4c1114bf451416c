"""A file system of a few megabytes, which can be full or read-only while a back end has its cache there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["filled", "may_mount", "read_only", "small_disk"]


_TMPFS = ["-t", "tmpfs", "-o"]


def may_mount(folder: Path) -> bool:
    """Return whether this process may mount a file system."""
    folder.mkdir(parents=True)
    is_mounted = _mounted([*_TMPFS, "size=1m", "tmpfs", str(folder)])
    if is_mounted:
        subprocess.run(["umount", str(folder)], check=True)
    return is_mounted


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount an empty file system at `folder` until the block ends; skips the test where that is not permitted."""
    folder.mkdir(parents=True)
    if not _mounted([*_TMPFS, f"size={megabytes}m", "tmpfs", str(folder)]):
        pytest.skip("file systems cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Leave no byte free until the block ends."""
    filler = disk / "filler"
    # Ends with an error, as it is to: there is no end of /dev/zero but that of the disk.
    subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4096"], check=False, capture_output=True)
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def read_only(disk: Path) -> Iterator[None]:
    """Let nothing be opened for writing until the block ends.

    It is mounted over itself, as a file system with files that are open for writing cannot be made read-only.
    """
    assert _mounted(["--bind", str(disk), str(disk)])
    try:
        assert _mounted(["-o", "remount,bind,ro", str(disk)])
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _mounted(arguments: list[str]) -> bool:
    try:
        return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
