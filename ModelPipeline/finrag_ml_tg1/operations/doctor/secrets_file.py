"""Checks of the file with the secrets: who can read it, and whether git would carry it away."""

from __future__ import annotations

import subprocess
from pathlib import Path

from finrag_ml_tg1.loaders.ml_config_loader import CREDENTIALS_FILE
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning

__all__ = ["check_readers", "check_tracking"]

_GIT_SECONDS = 3.0


def check_readers(folder: Path) -> Finding:
    """Look who else on this machine can read the secrets."""
    path = folder / CREDENTIALS_FILE
    if not path.is_file():
        return skipped(f"there is no {CREDENTIALS_FILE}")
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        return warning(
            f"{CREDENTIALS_FILE} has mode {mode:03o}: other users of this machine can read it",
            f"chmod 700 {CREDENTIALS_FILE.parent} && chmod 600 {CREDENTIALS_FILE}",
        )
    return ok(f"{CREDENTIALS_FILE} can be read by its owner alone")


def check_tracking(folder: Path) -> Finding:
    """Look whether the file is in a git repository, or would get there with the next `git add`."""
    path = folder / CREDENTIALS_FILE
    if not path.is_file():
        return skipped(f"there is no {CREDENTIALS_FILE}")
    inside = _git(folder, "rev-parse", "--is-inside-work-tree")
    if inside != 0:
        return skipped("git is not installed" if inside is None else "this folder is in no git repository")
    if _git(folder, "ls-files", "--error-unmatch", str(CREDENTIALS_FILE)) == 0:
        return failed(
            f"git tracks {CREDENTIALS_FILE}: whoever has the repository has the secrets",
            f"git rm --cached {CREDENTIALS_FILE}, add {CREDENTIALS_FILE.parent}/ to .gitignore, commit",
            "and renew every key in it: it stays in the history",
        )
    if _git(folder, "check-ignore", "-q", str(CREDENTIALS_FILE)) != 0:
        return warning(
            f"git does not ignore {CREDENTIALS_FILE}: `git add` would take it",
            f"add {CREDENTIALS_FILE.parent}/ to .gitignore",
        )
    return ok(f"git ignores {CREDENTIALS_FILE}")


def _git(folder: Path, *arguments: str) -> int | None:
    """Return git's exit code, None where there is no git."""
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, timeout=_GIT_SECONDS, check=False
        ).returncode
    except FileNotFoundError:
        return None
