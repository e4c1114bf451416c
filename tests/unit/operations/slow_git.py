"""A git that does not end by itself, found before the real one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from finrag_ml_tg1.operations import git

__all__ = ["put_slow_git"]


def put_slow_git(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `git` sleep, from a new folder in this one, and be waited for 0.2 s."""
    program = folder / "slow" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 20\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(git, "_SECONDS", 0.2)
