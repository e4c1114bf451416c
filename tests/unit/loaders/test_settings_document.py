"""docs/settings.md says what the code says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from finrag_ml_tg1.loaders.ml_config import MLConfig, settings_table

REPOSITORY = Path(__file__).parents[3]


def generate(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, check=False)


def test_committed_document_holds_the_table() -> None:
    assert settings_table() in (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")


def test_table_has_one_complete_row_for_each_setting() -> None:
    rows = [line.strip("|").split("|") for line in settings_table().splitlines()[2:]]

    assert len(rows) == len(MLConfig.model_fields) == 45
    for variable, _, allowed, meaning in rows:
        assert variable.strip().startswith("`")
        assert allowed.strip()
        assert meaning.strip().endswith(".")
    assert "| `FINRAG_CACHE_MB` | `1024` |" in settings_table()
    assert "`AWS_REGION`, `AWS_DEFAULT_REGION`" in settings_table()


def test_check_finds_drift_and_writing_mends_it(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    script = Path(shutil.copy(REPOSITORY / "docs" / "generate.py", tmp_path / "docs"))

    missing = generate(script, "--check")
    written = generate(script)
    same = generate(script, "--check")
    (tmp_path / "docs" / "settings.md").write_text("edited by hand", encoding="utf-8")
    edited = generate(script, "--check")

    assert (missing.returncode, written.returncode, same.returncode, edited.returncode) == (1, 0, 0, 1)
    assert "docs/settings.md has drifted" in missing.stderr
