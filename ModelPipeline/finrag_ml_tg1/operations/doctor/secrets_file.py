"""Checks of the file with the secrets: who can read it, and whether git would carry it away."""

from __future__ import annotations

from pathlib import Path

from finrag_ml_tg1.loaders.ml_config_loader import CREDENTIALS_FILE
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.git import git

__all__ = ["check_readers", "check_tracking"]


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


def check_tracking(folder: Path, file: Path = CREDENTIALS_FILE) -> Finding:
    """Look whether a file with secrets is in a git repository, or would get there with the next `git add`."""
    if not (folder / file).is_file():
        return skipped(f"there is no {file}")
    inside = git(folder, "rev-parse", "--is-inside-work-tree")
    if inside is None or inside.returncode != 0:
        return skipped("git is not installed" if inside is None else "this folder is in no git repository")
    if not _is_below(folder / file, folder):
        return ok(f"{file} lies outside this folder")
    ignored = f"{file.parent}/" if file.parent != Path() else file.name
    if _ends_well(folder, "ls-files", "--error-unmatch", str(file)):
        return failed(
            f"git tracks {file}: whoever has the repository has the secrets",
            f"git rm --cached {file}, add {ignored} to .gitignore, commit",
            "and renew every key in it: it stays in the history",
        )
    if not _ends_well(folder, "check-ignore", "-q", str(file)):
        return warning(f"git does not ignore {file}: `git add` would take it", f"add {ignored} to .gitignore")
    return ok(f"git ignores {file}")


def _ends_well(folder: Path, *arguments: str) -> bool:
    ended = git(folder, *arguments)
    return ended is not None and ended.returncode == 0


def _is_below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())
