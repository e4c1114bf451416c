"""`finrag publish` and `finrag index --gc`: what they print, and their exit codes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.local_processes import SETTINGS
from tests.sample_index import linked_store, sample_store

__all__ = ["sample_store"]


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_published_index_answers_from_its_new_store(sample_store: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    first = run("publish", "--from", sample_store, "--to", target)
    assert first.exit_code == 0, first.output
    assert "now current" in first.stdout
    again = run("publish", "--from", sample_store, "--to", target, "--verify")
    assert again.exit_code == 0
    assert "0 of" in again.stdout
    assert "already current" in again.stdout
    asked = run("ask", "How many employees does Orquenna have in fiscal 2024?", "--store", target)
    assert asked.exit_code == 0
    assert sorted(path.name for path in target.iterdir() if not path.name.startswith(".")) == ["index"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--version", "0123456789abcdef"], "holds no index version 0123456789abcdef: it holds "),
        (["--from", "nowhere"], "holds no index: run `finrag ingest FOLDER`"),
        (["--to", "ftp://elsewhere"], "a store is a folder or s3://bucket/prefix"),
    ],
)
def test_what_cannot_be_published_is_refused_in_one_line(
    sample_store: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    result = run("publish", "--from", sample_store, "--to", tmp_path / "target", *arguments)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("finrag: ")
    assert words in line
    assert not (tmp_path / "target").exists()


def test_garbage_is_listed_or_deleted(sample_store: Path, tmp_path: Path) -> None:
    folder = linked_store(sample_store, tmp_path / "store")
    store = LocalFolderStore(folder)
    stray = f"index/parts/{'0' * 64}"
    store.put(stray, b"x" * 2_000_000)
    listed = run("index", "--gc", "--dry-run", "--store", folder)
    assert listed.exit_code == 0
    assert listed.stdout.splitlines() == [
        stray,
        f"1 objects would be deleted, 2.0 MB; versions kept: {current_version(store)}",
    ]
    deleted = run("index", "--gc", "--keep", "2", "--store", folder)
    assert deleted.exit_code == 0
    assert deleted.stdout.startswith("1 objects deleted, 2.0 MB")
    assert store.head(stray) is None
    assert run("publish", "--from", folder, "--to", folder, "--verify").exit_code == 0


@pytest.mark.parametrize("options", [["--dry-run"], ["--keep", "2"], ["--gc", "--verify"]])
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, options: list[str]) -> None:
    assert run("index", *options, "--store", tmp_path / "store").exit_code == 2
    assert not (tmp_path / "store").exists()
