"""docs/settings.md says what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import generate
from finrag_ml_tg1.loaders.ml_config import MLConfig, settings_table

REPOSITORY = Path(__file__).parents[3]


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


def test_check_finds_drift_and_writing_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "_HERE", tmp_path)
    monkeypatch.setattr(generate, "DOCUMENTS", {"settings.md": generate.settings, "new/cli.md": generate.command_line})

    missing = generate.main(["--check"])
    told = capsys.readouterr().err
    nothing_was_written = not list(tmp_path.iterdir())
    written = generate.main([])
    same = generate.main(["--check"])
    (tmp_path / "settings.md").write_text("edited by hand", encoding="utf-8")
    edited = generate.main(["--check"])

    assert (missing, written, same, edited) == (1, 0, 0, 1)
    assert nothing_was_written
    assert "docs/settings.md has drifted" in told
    assert "docs/new/cli.md has drifted" in told
    assert "cli.md" not in capsys.readouterr().err
