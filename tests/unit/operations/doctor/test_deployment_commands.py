"""`finrag doctor --target` and `--url` as people and programs use them: options, exit codes, and no secret shown."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from tests.local_processes import SETTINGS, free_port
from tests.unit.operations.doctor.answering_server import Reply, Request, s3_refusal, serve
from tests.unit.operations.doctor.planned import BACKEND, FRONTEND, planned


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in a folder with a descriptor, and without anybody's settings."""
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    planned(tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments])


def states(result: Result) -> dict[str, str]:
    return {check["name"]: check["state"] for check in json.loads(result.stdout)["checks"]}


def test_files_for_each_application_are_told_apart() -> None:
    result = run(
        "--target", "sevalla", "--env-file", "backend=backend.env", "--env-file", "frontend=frontend.env", "--json"
    )
    told = json.loads(result.stdout)
    assert (told["target"], told["descriptor"]) == ("sevalla", "sevalla.yml")
    assert (states(result)["back end vars"], states(result)["front end vars"]) == ("ok", "ok")
    Path("both.env").write_text(Path("backend.env").read_text() + "BACKEND_URL=http://localhost:8000\n")
    both = states(run("--target", "sevalla", "--env-file", "both.env", "--json"))
    assert (both["back end vars"], both["front end vars"], both["BACKEND_URL"]) == ("ok", "failed", "failed")
    mixed = states(
        run("--target", "sevalla", "--env-file", "both.env", "--env-file", "frontend=frontend.env", "--json")
    )
    assert (mixed["front end vars"], mixed["BACKEND_URL"]) == ("ok", "ok")


def test_no_secret_appears_whatever_the_store_repeats() -> None:
    values = {**BACKEND, **FRONTEND}
    hidden = [value for name, value in values.items() if "KEY" in name or "SECRET" in name]
    assert len(hidden) >= 4

    def repeat(request: Request) -> Reply:
        return s3_refusal(403, "AccessDenied", " ".join(hidden))

    with serve(repeat) as url:
        text = f"AWS_ENDPOINT_URL_S3={url}\n" + "".join(f"{name}={value}\n" for name, value in values.items())
        Path("all.env").write_text(text)
        result = run("--target", "sevalla", "--env-file", "all.env", "--write")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert not [value for value in hidden if value in result.output]
    store = next(line for line in result.stdout.splitlines() if line.split()[1] == "store" and "denied" in line)
    assert store.startswith("failed")


def test_nothing_deployed_at_an_address_exits_with_two() -> None:
    result = run("--url", f"http://127.0.0.1:{free_port()}", "--json")
    assert result.exit_code == 2
    assert states(result)["address"] == "failed"
    assert states(result)["what answers"] == "skipped"


def test_front_end_at_an_address_exits_with_zero() -> None:
    def as_frontend(request: Request) -> Reply:
        return Reply(200, b"ok" if request.path == "/_stcore/health" else b"<html>")

    with serve(as_frontend) as url:
        result = run("--url", url, "--backend", f"127.0.0.1:{free_port()}", "--json")
    told = states(result)
    assert json.loads(result.stdout)["url"] == url
    assert told.pop("pages") == "failed"  # which is no Streamlit
    assert set(told.values()) == {"ok", "skipped"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--target", "sevalla", "--url", "https://finrag.example"),
        ("--size", "S2"),
        ("--env-file", "backend.env"),
        ("--backend", "https://finrag.example"),
        ("--url", "https://finrag.example", "--deep"),
        ("--url", "https://finrag.example", "--write"),
        ("--target", "sevalla", "--env-file", "none.env"),
        ("--url", "https://finrag.example/chat"),
        ("--target", "elsewhere"),
    ],
)
def test_options_that_do_not_belong_together_are_refused(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert not result.stdout
    assert "Traceback" not in result.stderr
