"""`finrag doctor` as people and programs use it: its lines, its exit code, its time, and no secret in any of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from finrag_ml_tg1.loaders.ml_config import described_settings
from tests.local_processes import SETTINGS, clean_environment, free_port
from tests.sample_index import linked_store, sample_store
from tests.unit.operations.doctor.answering_server import Reply, Request, s3_refusal, serve, silence

__all__ = ["sample_store"]

SECRETS = sorted(setting.names[0] for setting, secret in described_settings().values() if secret)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in an empty folder, without anybody's settings, and with a back end's port that nobody has."""
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("BACKEND_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no_config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no_credentials"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["doctor", *map(str, arguments)])


def checks(result: Result) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(result.stdout)["checks"]}


def test_sample_store_is_well_and_answers(sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINRAG_API_KEY", "wq9XhT2mVb7LrKzP4nYc8sDf")
    result = run("--store", linked_store(sample_store, tmp_path / "store"), "--json", "--write", "--deep")
    told = json.loads(result.stdout)
    bad = [check for check in told["checks"] if check["state"] in {"warning", "failed"}]
    # What depends on the machine the tests run on.
    assert {check["name"] for check in bad} <= {"cache folder", "memory", "machine", "open files"}, bad
    assert told["state"] == ("warning" if bad else "ok")
    assert result.exit_code == (1 if bad else 0)
    assert checks(result)["a question"]["state"] == "ok"
    assert checks(result)["store writing"]["state"] == "ok"
    assert "all read and right" in checks(result)["index files"]["found"]


def test_empty_store_fails_with_the_commands_that_fill_it(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    result = run("--store", tmp_path / "store")
    assert result.exit_code == 2
    line = next(line for line in result.stdout.splitlines() if line.startswith("failed"))
    assert line.split(maxsplit=2)[1] == "index"
    assert "finrag ingest" in line
    assert "Traceback" not in result.output
    assert result.stdout.splitlines()[-1].endswith("skipped")


def test_lines_are_aligned_and_the_mend_stands_below(tmp_path: Path) -> None:
    (tmp_path / "work" / "ml_config.yaml").write_text("FINRAG_CACHE_MB: 0\nFINRAG_REFRESH_S: -1\n")
    lines = run("--store", tmp_path / "store").stdout.splitlines()
    assert lines[0].startswith("failed   settings          2 wrong;")
    assert lines[1].strip().startswith("→ FINRAG_CACHE_MB in ml_config.yaml cannot be used; allowed:")
    assert lines[2].strip().startswith("→ FINRAG_REFRESH_S in ml_config.yaml cannot be used; allowed:")
    assert lines[3].startswith("ok       unknown settings  ")


def test_no_planted_secret_appears_whatever_the_services_repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canaries = {name: f"c4n4ry-{number:02}-of-{name.lower()}" for number, name in enumerate(SECRETS)}
    echo = " ".join(canaries.values())

    def repeat(request: Request) -> Reply:
        if "/v1/models" in request.path:
            return Reply(403, echo.encode())
        return s3_refusal(403, "AccessDenied", echo) if "bucket" in request.path else Reply(500, echo.encode())

    with serve(repeat) as url:
        for name, canary in canaries.items():
            monkeypatch.setenv(name, canary)
        monkeypatch.setenv("FINRAG_MODEL", "openai")
        monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("BACKEND_URL", url)
        monkeypatch.setenv("FINRAG_API_KEYS", "c4n4ry-of-an-unknown-setting")
        monkeypatch.setenv("FINRAG_SEC_URL", "https://user:" + "c4n4ry-of-an-address@example.com")
        people, program = run("--store", "s3://bucket/x"), run("--store", "s3://bucket/x", "--json")
    for result in (people, program):
        assert result.exit_code == 2
        assert "c4n4ry" not in result.output
        assert "Traceback" not in result.output
    assert len(SECRETS) >= 8
    assert checks(program)["model address"]["state"] == "failed"


def test_silent_store_is_given_up_in_time_with_advice(tmp_path: Path) -> None:
    with serve(silence) as url:
        environment = clean_environment(
            FINRAG_STORE="s3://bucket/x",
            FINRAG_CACHE_DIR=str(tmp_path / "cache"),
            AWS_ENDPOINT_URL_S3=url,
            AWS_ACCESS_KEY_ID="testing",
            AWS_SECRET_ACCESS_KEY="testing-secret",
            AWS_REGION="us-east-1",
        )
        began = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-c", "from finrag_ml_tg1.cli import main; main()", "doctor", "--json"],
            env=environment,
            cwd=tmp_path / "work",
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert time.monotonic() - began < 30
    assert ended.returncode == 2, ended.stderr
    told = {check["name"]: check for check in json.loads(ended.stdout)["checks"]}
    assert told["store"]["state"] == "failed"
    assert "AWS_ENDPOINT_URL_S3" in told["store"]["found"]
    assert told["index"]["state"] == "skipped"


def test_address_that_is_no_store_is_one_line() -> None:
    result = run("--store", "ftp://example.com/x")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
