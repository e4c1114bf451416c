"""Every wrong setting is named at once, and what is set but unwise is told; values are never repeated."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from finrag_ml_tg1.loaders.ml_config import MLConfig, described_settings
from finrag_ml_tg1.loaders.ml_config_loader import CREDENTIALS_FILE, inspect_config, load_config
from finrag_ml_tg1.operations.doctor.secrets_file import check_readers, check_tracking
from finrag_ml_tg1.operations.doctor.settings import (
    check_aws_endpoint,
    check_examples,
    check_key,
    check_names,
    check_port,
    check_previous_key,
    check_values,
)

ROOT = Path(__file__).parents[4]
GOOD_KEY = "wq9XhT2mVb7LrKzP4nYc8sDf"


def secrets_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / CREDENTIALS_FILE
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(mode)
    return path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def test_every_wrong_value_is_named_with_its_source(tmp_path: Path) -> None:
    secrets_file(tmp_path, "OPENAI_API_KEY='with a space'\n")
    (tmp_path / "ml_config.yaml").write_text("FINRAG_CACHE_MB: 0\n")
    inspected = inspect_config(
        environ={"PORT": "http", "LOG_LEVEL": "loud", "FINRAG_MODEL": "extractive"}, folder=tmp_path
    )
    finding = check_values(inspected)
    assert finding.state == "failed"
    told = "\n".join(finding.advice)
    for name, source in (
        ("PORT", "the environment"),
        ("LOG_LEVEL", "the environment"),
        ("FINRAG_CACHE_MB", "ml_config.yaml"),
        ("OPENAI_API_KEY", "aws_credentials.env"),
    ):
        assert any(line.startswith(f"{name} in ") and source in line for line in finding.advice), told
    assert len(finding.advice) == 4
    assert inspected.config.cache_mb == MLConfig().cache_mb


@pytest.mark.parametrize("name", sorted(setting.names[0] for setting, _ in described_settings().values()))
def test_a_wrong_value_is_not_repeated(name: str, tmp_path: Path) -> None:
    canary = "c4n4ry value\x01"
    inspected = inspect_config(environ={name: canary}, folder=tmp_path)
    told = f"{check_values(inspected)} {check_names(inspected)}"
    assert "c4n4ry" not in told


def test_files_that_cannot_be_read_are_told_together(tmp_path: Path) -> None:
    secrets_file(tmp_path, "just-a-secret-without-a-name\n")
    (tmp_path / "ml_config.yaml").write_text("FINRAG_STORE: [\n")
    finding = check_values(inspect_config(environ={}, folder=tmp_path))
    assert finding.state == "failed"
    assert len(finding.advice) == 2
    assert "just-a-secret" not in str(finding)


def test_half_of_the_credentials_is_told_beside_wrong_values(tmp_path: Path) -> None:
    inspected = inspect_config(environ={"AWS_ACCESS_KEY_ID": "A" * 20, "PORT": "0"}, folder=tmp_path)
    assert [line.split()[0] for line in inspected.problems] == ["AWS_ACCESS_KEY_ID", "PORT"]


def test_good_settings_are_counted_by_source(tmp_path: Path) -> None:
    (tmp_path / "ml_config.yaml").write_text("FINRAG_CACHE_MB: 200\nLOG_LEVEL: debug\n")
    environ = {"FINRAG_STORE": "/s", "HOME": "/root"}
    inspected = inspect_config(environ=environ, folder=tmp_path)
    assert inspected.config == load_config(environ=environ, folder=tmp_path)
    finding = check_values(inspected)
    assert finding.state == "ok"
    assert finding.found == f"2 from {tmp_path / 'ml_config.yaml'}, 1 from the environment"


def test_unknown_name_draws_a_suggestion(tmp_path: Path) -> None:
    finding = check_names(inspect_config(environ={"FINRAG_CASH_MB": "5"}, folder=tmp_path))
    assert finding.state == "warning"
    assert finding.advice == ("FINRAG_CASH_MB in the environment is not a setting; did you mean FINRAG_CACHE_MB?",)
    assert check_names(inspect_config(environ={"FINRAG_CACHE_MB": "5"}, folder=tmp_path)).state == "ok"


@pytest.mark.parametrize(
    ("port", "container", "state"), [(None, False, "ok"), (8080, True, "ok"), (8080, False, "warning")]
)
def test_port_is_for_platforms(port: int | None, container: bool, state: str) -> None:
    assert check_port(MLConfig(port=port), is_container=container).state == state


@pytest.mark.parametrize("key", ["tiny-0815", "a" * 40, "our-finrag-password-of-2026"])
def test_guessable_key_draws_a_warning_that_does_not_repeat_it(key: str) -> None:
    finding = check_key(MLConfig(api_key=SecretStr(key)), is_container=True)
    assert finding.state == "warning"
    assert key not in str(finding)


def test_open_api_draws_a_warning_where_others_reach_it() -> None:
    assert check_key(MLConfig(), is_container=False).state == "ok"
    assert check_key(MLConfig(), is_container=True).state == "warning"
    assert check_key(MLConfig(port=80), is_container=False).state == "warning"
    assert check_key(MLConfig(api_key=SecretStr(GOOD_KEY)), is_container=True).state == "ok"


def test_unfinished_rotation_of_the_key_draws_a_warning() -> None:
    new, old = SecretStr(GOOD_KEY), SecretStr(GOOD_KEY[::-1])
    assert check_previous_key(MLConfig(api_key=new)).state == "ok"
    still = check_previous_key(MLConfig(api_key=new, api_key_previous=old))
    same = check_previous_key(MLConfig(api_key=new, api_key_previous=new))
    alone = check_previous_key(MLConfig(api_key_previous=old))
    assert {still.state, same.state, alone.state} == {"warning"}
    assert len({still.found, same.found, alone.found}) == 3


def test_one_endpoint_for_all_services_draws_a_warning() -> None:
    environ = {"AWS_ENDPOINT_URL": "http://localhost:4566"}
    assert check_aws_endpoint({}, uses_bedrock=True).state == "ok"
    finding = check_aws_endpoint(environ, uses_bedrock=True)
    assert finding.state == "warning"
    assert "Bedrock" in finding.found
    assert "AWS_ENDPOINT_URL_S3" in finding.advice[0]


def test_the_example_file_as_it_is_fails(tmp_path: Path) -> None:
    example = (ROOT / ".aws_secrets.example" / "aws_credentials.env").read_text()
    secrets_file(tmp_path, example)
    finding = check_examples(inspect_config(environ={}, folder=tmp_path).config)
    assert finding.state == "failed"
    assert "AWS_ACCESS_KEY_ID" in finding.found
    assert "AWS_SECRET_ACCESS_KEY" in finding.found


def test_real_looking_values_are_no_examples() -> None:
    config = MLConfig(
        aws_access_key_id=SecretStr("AKIA" + "2OGYBAH6T7KQXWZR"),
        aws_secret_access_key=SecretStr("9fT/" + "kQ2w" * 9),
        store="s3://acme-filings/finrag",
    )
    assert check_examples(config).state == "ok"
    assert check_examples(config.model_copy(update={"store": "s3://my-bucket/finrag"})).state == "warning"


@pytest.mark.parametrize(("mode", "state"), [(0o600, "ok"), (0o640, "warning"), (0o604, "warning")])
def test_secrets_that_others_can_read_draw_a_warning(mode: int, state: str, tmp_path: Path) -> None:
    assert check_readers(tmp_path).state == "skipped"
    secrets_file(tmp_path, "FINRAG_API_KEY=x\n", mode)
    assert check_readers(tmp_path).state == state


def test_secrets_that_git_tracks_fail(tmp_path: Path) -> None:
    secrets_file(tmp_path, "FINRAG_API_KEY=x\n")
    assert check_tracking(tmp_path).state == "skipped"
    git(tmp_path, "init", "-q")
    assert check_tracking(tmp_path).state == "warning"
    git(tmp_path, "add", str(CREDENTIALS_FILE))
    tracked = check_tracking(tmp_path)
    assert tracked.state == "failed"
    assert "git rm --cached" in tracked.advice[0]
    git(tmp_path, "rm", "-q", "--cached", str(CREDENTIALS_FILE))
    (tmp_path / ".gitignore").write_text(".aws_secrets/\n")
    assert check_tracking(tmp_path).state == "ok"
