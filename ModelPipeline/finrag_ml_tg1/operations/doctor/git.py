"""Asking git about a folder: quietly, within seconds, and without a word where there is no git."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from pathlib import Path

__all__ = ["git", "git_lines", "git_output"]

_SECONDS = 3.0


def git(folder: Path, *arguments: str, sent: bytes = b"") -> subprocess.CompletedProcess[bytes] | None:
    """Return how a git command ended, None where there is no git; raises TimeoutExpired after 3 s."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, input=sent, capture_output=True, timeout=_SECONDS, check=False)
    except FileNotFoundError:
        return None


def git_output(folder: Path, *arguments: str) -> str | None:
    """Return what a git command prints, None when it does not end well or there is no git."""
    ended = git(folder, *arguments)
    return ended.stdout.decode(errors="replace").strip() if ended is not None and ended.returncode == 0 else None


def git_lines(folder: Path, *arguments: str) -> Generator[bytes]:
    """Yield what a git command prints, line by line; it is ended when no more is asked for."""
    command = ["git", "-C", str(folder), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:  # noqa: UP028 - `yield from` would close the pipe before the process is ended
                yield line
        finally:
            process.kill()
