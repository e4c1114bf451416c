"""Asking git about a folder: quietly, within seconds, and without a word where there is no git."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from pathlib import Path

from finrag_ml_tg1.errors import FinRAGError

__all__ = ["GitSlowError", "git", "git_lines", "git_output", "unpushed"]

_SECONDS = 3.0


class GitSlowError(FinRAGError):
    """Git did not end in its time; the message says at what, and what to do."""


def unpushed(folder: Path) -> list[str] | None:
    """Return a line for each kind of thing that is here and on no branch of a remote; None outside of a repository.

    As far as the last fetch knows: the remote itself is not asked. Raises GitSlowError.
    """
    changed = git_output(folder, "status", "--porcelain")
    if changed is None:
        return None
    lines = [f"{len(changed.splitlines())} files are not committed"] if changed else []
    ahead = git_output(folder, "rev-list", "--count", "HEAD", "--not", "--remotes")
    if ahead is None:
        lines.append("there is no commit yet")
    elif ahead != "0":
        branch = git_output(folder, "rev-parse", "--abbrev-ref", "HEAD")
        lines.append(f"{ahead} commits of {branch} are on no branch of a remote")
    return lines


def git(folder: Path, *arguments: str, sent: bytes = b"") -> subprocess.CompletedProcess[bytes] | None:
    """Return how a git command ended, None where there is no git; raises GitSlowError after 3 s."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, input=sent, capture_output=True, timeout=_SECONDS, check=False)
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired:
        raise GitSlowError(
            f"`git {arguments[0]}` did not end within {_SECONDS:g} s in {folder}: try it there by hand (a slow disk, "
            "or very many files?), and again here"
        ) from None


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
