"""`finrag backup` and `finrag restore`: the restore drill, what they print, and their exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.durable_redis import DurableRedis
from tests.local_processes import SETTINGS, wait_until
from tests.sample_index import sample_store

__all__ = ["sample_store"]

QUESTIONS = (
    "How many employees does Orquenna have in fiscal 2024?",
    "What was the revenue of Tarrendray in fiscal 2023?",
    "What are the main risks of Hibbelwick?",
)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def answers(store: Path) -> list[dict[str, Any]]:
    """What the questions are answered with, without what differs each time."""
    found = []
    for question in QUESTIONS:
        asked = run("ask", question, "--json", "--store", store)
        assert asked.exit_code == 0, asked.output
        answer = json.loads(asked.stdout)
        found.append({part: answer[part] for part in ("answer", "status", "citations", "facts", "calculations")})
    return found


def test_a_restored_store_gives_the_same_answers(
    sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SU-07: the restore drill, into an empty store and with an empty cache."""
    backups, restored = tmp_path / "backups", tmp_path / "restored"
    made = run("backup", "--store", sample_store, "--to", backups)
    assert made.exit_code == 0, made.output
    assert "0 older ones removed" in made.stdout
    before = answers(sample_store)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(tmp_path / "another_cache"))
    done = run("restore", "--from", backups, "--store", restored)
    assert done.exit_code == 0, done.output
    version = current_version(LocalFolderStore(sample_store))
    assert done.stdout.splitlines()[-1].startswith(f"index {version} of backup ")
    assert answers(restored) == before


def test_redis_goes_on_from_the_snapshot_of_a_backup(sample_store: Path, tmp_path: Path) -> None:
    """SU-07: what it counted is there again, and ends when it would have ended."""
    with DurableRedis(tmp_path / "redis", "--appendonly", "yes", "--repl-diskless-sync-delay", "0") as redis:
        redis.ask("SET", "counter", "41")
        redis.ask("SET", "answer", "kept", "EX", "600")
        redis.ask("--rdb", str(tmp_path / "redis.rdb"))
    snapshot = f"redis.rdb={tmp_path / 'redis.rdb'}"
    assert run("backup", "--store", sample_store, "--to", "backups", "--snapshot", snapshot).exit_code == 0
    done = run("restore", "--from", "backups", "--store", "restored", "--snapshots-to", "data")
    assert done.exit_code == 0, done.output
    with DurableRedis(tmp_path / "data", "--appendonly", "no", "--dbfilename", "redis.rdb") as redis:
        redis.ask("CONFIG", "SET", "appendonly", "yes")
        wait_until(lambda: "aof_rewrite_in_progress:0" in redis.ask("INFO", "persistence"), "its file is whole")
        assert redis.ask("INCR", "counter") == "42"
        assert 0 < int(redis.ask("TTL", "answer")) <= 600


def test_a_damaged_backup_is_refused_in_one_line(sample_store: Path, tmp_path: Path) -> None:
    """SU-07."""
    assert run("backup", "--store", sample_store, "--to", "backups").exit_code == 0
    assert run("restore", "--from", "backups", "--store", "restored", "--check").exit_code == 0
    part = next((tmp_path / "backups" / "index" / "parts").iterdir())
    data = part.read_bytes()
    part.unlink()
    part.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    for more in ([], ["--check"]):
        result = run("restore", "--from", "backups", "--store", "restored", *more)
        assert result.exit_code == 2
        (line,) = result.stderr.splitlines()
        assert "is damaged: 1 of " in line
    assert not (tmp_path / "restored").exists()


def test_a_backup_that_verifies_repairs_the_one_before(sample_store: Path, tmp_path: Path) -> None:
    assert run("backup", "--store", sample_store, "--to", "backups").exit_code == 0
    part = next((tmp_path / "backups" / "index" / "parts").iterdir())
    part.unlink()
    assert run("backup", "--store", sample_store, "--to", "backups", "--verify").exit_code == 0
    assert run("restore", "--from", "backups", "--store", "restored", "--check").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["restore", "--from", "nowhere", "--store", "restored"], "holds no backup: make one with"),
        (["backup", "--store", "empty", "--to", "backups"], "holds no index"),
        (["backup", "--store", "one", "--to", "one"], "--to is the store itself"),
        (["backup", "--store", "one", "--to", "two", "--snapshot", "a/b=c"], "give NAME=FILE"),
        (["backup", "--store", "one", "--to", "two", "--snapshot", "a=b", "--snapshot", "a=c"], "give NAME=FILE"),
    ],
    ids=["no backup", "no index", "the store itself", "a path for a name", "a name twice"],
)
def test_what_cannot_be_done_is_said(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_backups_are_listed_newest_first(sample_store: Path) -> None:
    assert "holds no backup" in run("restore", "--from", "backups", "--store", "restored", "--list").stdout
    made = run("backup", "--store", sample_store, "--to", "backups").stdout.splitlines()[-1]
    (name,) = run("restore", "--from", "backups", "--store", "restored", "--list").stdout.split()
    assert f"backup {name} of index" in made
    wanted = run("restore", "--from", "backups", "--store", "restored", "--backup", "20200101T000000Z-0123456789abcdef")
    assert wanted.exit_code == 2
    assert f"it holds {name}" in wanted.stderr
