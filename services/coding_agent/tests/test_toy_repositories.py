"""The toy repositories are what they say: broken before their fix, right after it, and only where they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from coding_agent.tests.toy_repositories import TEST_COMMAND, TOYS, ToyRepository, write_bare

_PYTHON = Path(sys.executable).parent
_ENVIRONMENT = {**os.environ, "PATH": f"{_PYTHON}:{os.environ.get('PATH', '')}"}


def _passes(tree: Path) -> bool:
    done = subprocess.run([sys.executable, *TEST_COMMAND[1:]], cwd=tree, capture_output=True, check=False)
    assert done.returncode in (0, 1)
    return done.returncode == 0


@pytest.mark.parametrize("toy", TOYS, ids=lambda toy: toy.name)
def test_toy_is_broken_and_its_fix_changes_the_named_files_only(toy: ToyRepository, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name, text in toy.files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    assert not _passes(tree)

    for command in toy.fix:
        subprocess.run(["bash", "-c", command], cwd=tree, env=_ENVIRONMENT, check=True)

    after = {str(path.relative_to(tree)): path.read_text() for path in tree.rglob("*") if path.is_file()}
    assert _passes(tree)
    assert {name for name in after.keys() | toy.files.keys() if after.get(name) != toy.files.get(name)} == {
        *toy.changed
    }


def test_toys_are_enough_and_told_apart() -> None:
    assert len({toy.name for toy in TOYS}) == len(TOYS) >= 20


def test_bare_repository_has_the_files_on_its_branch(tmp_path: Path) -> None:
    sha = write_bare(TOYS[0], tmp_path)
    listing = subprocess.run(
        ["git", f"--git-dir={tmp_path}/acme/{TOYS[0].name}.git", "ls-tree", "-r", "--name-only", "main"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert listing.stdout.split() == sorted(TOYS[0].files)
    assert len(sha) == 40
