"""What of the checkout a build at the platform will not have: it builds what has been pushed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

__all__ = ["unpushed"]

_SECONDS = 5.0


def unpushed(folder: Path) -> list[str]:
    """Return a line for each thing that is here and not at the remote, as far as git knows without asking it.

    None outside of a checkout, and where git is not installed.
    """
    git = shutil.which("git")
    if git is None or _asked(git, folder, "rev-parse", "--is-inside-work-tree") != "true":
        return []
    lines = []
    if _asked(git, folder, "status", "--porcelain", "--untracked-files=no"):
        lines.append("there are changes that are not committed: they will not be deployed")
    if not _asked(git, folder, "branch", "--remotes", "--contains", "HEAD"):
        commit = _asked(git, folder, "rev-parse", "--short", "HEAD") or "the commit here"
        lines.append(f"{commit} is on no branch of a remote: `git push` first, or another commit is deployed")
    return lines


def _asked(git: str, folder: Path, *arguments: str) -> str:
    """What git prints, nothing when it cannot tell."""
    try:
        ended = subprocess.run(
            [git, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""
