"""Remembers which files were found to have their hash, so that not every start of a process reads all of them again.

Why that is safe: a mark holds what the file system says of the file that was hashed: device, inode, size, and the
times of the last change of its content and of anything about it. A program that writes to a file, or puts another in
its place, leaves a new inode or a new change time, which unlike other times cannot be set. What a file system does not
tell: a crash of the machine may lose what was not yet on the disk, so a mark counts until the next boot; a disk may
damage what it holds, so a mark counts for a day. (A process that runs for a day has looked no more often.) Nobody else
can make a mark: only a file of this user counts that no other may write to.
"""

from __future__ import annotations

import errno
import hashlib
import os
import time
from functools import cache
from pathlib import Path

__all__ = ["MARK_SUFFIX", "UNWRITABLE", "VerifiedFiles", "hash_file"]

MARK_SUFFIX = ".verified"
# A mark only saves work: a disk that is read-only or full is no reason to refuse a file that is there.
UNWRITABLE = frozenset(
    {errno.EROFS, errno.EPERM, errno.EACCES, errno.ENOTDIR, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
)
_MARK_SECONDS = 24 * 60 * 60
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class VerifiedFiles:
    """Which files have the content their hash names. The marks are kept in `folder`. Safe for threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[str, Path], str] = {}

    def is_good(self, path: Path, sha256: str, size: int, *, keep: bool = True) -> bool:
        """Return whether the file has this content; hashes it unless it is as it was when it was hashed.

        With `keep` other processes will know too. Raises FileNotFoundError.
        """
        status = path.stat()
        if status.st_size != size:
            return False
        state = _state(status)
        if self._known.get((sha256, path)) == state:
            return True
        if not self._is_marked(sha256, state):
            if hash_file(path) != sha256:
                return False
            if keep:
                self._mark(sha256, state)
        self._known[sha256, path] = state
        return True

    def remember(self, path: Path, sha256: str) -> None:
        """Take down that the file was checked while it was written."""
        state = _state(path.stat())
        self._mark(sha256, state)
        self._known[sha256, path] = state

    def _is_marked(self, sha256: str, state: str) -> bool:
        if not _boot_id():
            return False
        try:
            with self._mark_path(sha256).open() as mark:
                status = os.fstat(mark.fileno())
                marked, _, checked = mark.read().rpartition(" ")
        except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
            return False
        is_ours = status.st_uid == os.geteuid() and not status.st_mode & 0o022
        return is_ours and marked == state and checked.isdigit() and 0 <= time.time() - int(checked) <= _MARK_SECONDS

    def _mark(self, sha256: str, state: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(self._mark_path(sha256), flags, 0o600), "w") as mark:
                mark.write(f"{state} {int(time.time())}")
        except OSError as error:
            if error.errno not in UNWRITABLE:  # where nothing can be written, every process looks for itself
                raise

    def _mark_path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}{MARK_SUFFIX}"


def hash_file(path: Path) -> str:
    """Return the hex SHA-256 of the file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _state(status: os.stat_result) -> str:
    numbers = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return " ".join((_boot_id(), *map(str, numbers)))


@cache
def _boot_id() -> str:
    """Return what names the time since the machine was started; "" on a system that does not tell: no mark counts."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
