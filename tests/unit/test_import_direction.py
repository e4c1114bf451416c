"""Imports run one way through the rooms: the contracts in pyproject.toml hold, and they notice a wrong import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter with the project's contracts on the tree in `root`, and on no other."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root / "ModelPipeline"), str(root)])}
    return subprocess.run(
        [sys.executable, "-c", _LINT, "--no-cache"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources and the contracts."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(
        ROOT / "ModelPipeline" / "finrag_ml_tg1", tmp_path / "ModelPipeline" / "finrag_ml_tg1", ignore=ignored
    )
    shutil.copytree(ROOT / "serving", tmp_path / "serving", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_sources_keep_the_contracts() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "imported", "contract"),
    [
        ("retrieval/search.py", "finrag_ml_tg1.answering.answer", "A question goes one way through the rooms"),
        ("understanding/periods.py", "finrag_ml_tg1.retrieval.search", "A question goes one way through the rooms"),
        ("index/catalog.py", "finrag_ml_tg1.filings.filing", "Only what runs offline imports"),
        ("answering/topic.py", "torch", "The pod carries no torch"),
    ],
)
def test_wrong_import_is_noticed(tree: Path, module: str, imported: str, contract: str) -> None:
    with (tree / "ModelPipeline" / "finrag_ml_tg1" / module).open("a") as source:
        source.write(f"\nimport {imported}\n")
    result = lint(tree)
    assert result.returncode != 0
    broken = [line for line in result.stdout.splitlines() if line.startswith(contract)]
    assert any("BROKEN" in line for line in broken), result.stdout
