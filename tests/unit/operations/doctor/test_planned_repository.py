"""Secrets in a repository are found where they are, in files or in its history, and what is not pushed is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from finrag_ml_tg1.operations.doctor.checks import Check, run_checks
from finrag_ml_tg1.operations.doctor.sevalla.plan import Plan
from finrag_ml_tg1.operations.doctor.sevalla.repository import check_env_files, check_pushed, check_secret_values
from tests.unit.operations.doctor.planned import BACKEND, planned
from tests.unit.operations.slow_git import put_slow_git


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A plan in a repository that ignores the files with variables."""
    made = planned(tmp_path / "checkout")
    git(made.folder, "init", "-q", "-b", "main")
    (made.folder / ".gitignore").write_text("*.env\n")
    commit(made.folder, "all")
    return made


def test_repository_without_secrets_passes(plan: Plan) -> None:
    assert check_env_files(plan).state == "ok"
    finding = check_secret_values(plan)
    assert finding.state == "ok"
    assert "none of 4 secrets" in finding.found
    assert "the last 1 commits" in finding.found


def test_secret_in_a_tracked_file_fails(plan: Plan) -> None:
    (plan.folder / "notes.md").write_text(f"the key: {BACKEND['AWS_SECRET_ACCESS_KEY']}\n")
    assert check_secret_values(plan).state == "ok"  # not yet in git
    commit(plan.folder, "notes")
    finding = check_secret_values(plan)
    assert finding.state == "failed"
    assert "notes.md" in finding.found
    assert BACKEND["AWS_SECRET_ACCESS_KEY"] not in str(finding)


def test_secret_that_was_taken_out_again_is_found_in_the_history(plan: Plan) -> None:
    note = plan.folder / "notes.md"
    note.write_text(f"the key: {BACKEND['FINRAG_API_KEY']}\n")
    commit(plan.folder, "notes")
    note.unlink()
    commit(plan.folder, "no notes")
    finding = check_secret_values(plan)
    assert finding.state == "failed"
    assert "FINRAG_API_KEY" in finding.found
    assert BACKEND["FINRAG_API_KEY"] not in str(finding)
    assert "renew" in finding.advice[0]


def test_file_of_variables_that_git_tracks_or_would_take(plan: Plan) -> None:
    (plan.folder / ".gitignore").unlink()
    assert check_env_files(plan).state == "warning"
    commit(plan.folder, "variables too")
    assert check_env_files(plan).state == "failed"


def test_what_is_not_pushed_draws_a_warning(plan: Plan, tmp_path: Path) -> None:
    assert "no branch of a remote" in check_pushed(plan).found
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(plan.folder, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(plan.folder, "push", "-qu", "origin", "main")
    assert check_pushed(plan).state == "ok"
    (plan.folder / "new.py").write_text("")
    assert "1 files are not committed" in check_pushed(plan).found
    commit(plan.folder, "new")
    assert check_pushed(plan).found == "1 commits of main are on no branch of a remote"


def test_git_that_is_too_slow_is_a_finding_with_what_to_do(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    put_slow_git(plan.folder.parent, monkeypatch)
    [result] = run_checks([Check("pushed", lambda: check_pushed(plan))], total_s=5)
    assert result.finding.state == "failed"
    assert result.finding.found.startswith("`git status` did not end within 0.2 s")
    assert "by hand" in result.finding.found


def test_folder_without_a_repository_is_skipped(tmp_path: Path) -> None:
    outside = planned(tmp_path)
    assert check_secret_values(outside).state == "skipped"
    assert check_pushed(outside).state == "skipped"
