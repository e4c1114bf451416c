"""Where a setting comes from, and what happens when it is wrong."""

from __future__ import annotations

import logging
import os
import re
import traceback
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import ValidationError

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.ml_config import described_settings
from finrag_ml_tg1.loaders.ml_config_loader import CONFIG_FILE, CREDENTIALS_FILE, MLConfig, load_config
from serving.frontend.backend_url import normalise_backend_url
from tests.canaries import CANARIES, sightings

REPOSITORY = Path(__file__).parents[3]
SECRET = "wJalr/XUtnFEMI+K7MDENG"  # of AWS's documentation; pragma: allowlist secret
SECRET_NAMES = {
    "FINRAG_API_KEY",
    "FINRAG_API_KEY_PREVIOUS",
    "FINRAG_ADMIN_KEY",
    "CODING_AGENT_API_KEY",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OPENAI_API_KEY",
    "QDRANT_API_KEY",
    "SEVALLA_API_TOKEN",
    "FINRAG_SHARED_REDIS",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
}
WRONG = [
    ("FINRAG_STORE", "gs://bucket/prefix", "s3://bucket/prefix"),
    ("FINRAG_STORE", "s3://", "bucket name"),
    ("FINRAG_STORE", "s3:/bucket", "bucket"),
    ("FINRAG_STORE", "s3://Bucket_1", "bucket name"),
    ("FINRAG_STORE", "s3://bucket/a//b", "empty segment"),
    ("FINRAG_STORE", "~no-such-user-here/store", "home folder"),
    ("FINRAG_CACHE_DIR", "a\x01b", "control character"),
    ("FINRAG_CACHE_MB", "0", "from 1 to 1048576"),
    ("FINRAG_CACHE_MB", "lots", "whole number"),
    ("FINRAG_CACHE_MB", "1.5", "whole number"),
    ("FINRAG_MODEL", "GPT 5", "allowed: extractive, bedrock, openai, or a profile"),
    ("FINRAG_MODEL_ID", "a model", "model's id"),
    ("FINRAG_MODELS_FILE", "a\x01b", "control character"),
    ("FINRAG_MODEL_TIMEOUT_S", "0", "from 0.1 to 600"),
    ("FINRAG_MODEL_TIMEOUT_S", "nan", "from 0.1 to 600"),
    ("FINRAG_MODEL_TIMEOUT_S", "soon", "from 0.1 to 600"),
    ("OPENAI_BASE_URL", "localhost:11434", "http"),
    ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "https://host/?x=1", "query"),
    ("LOG_LEVEL", "loud", "debug, info, warning, error or critical"),
    ("AWS_REGION", "US East", "us-east-1"),
    ("AWS_DEFAULT_REGION", "x" * 50, "us-east-1"),
    ("AWS_ENDPOINT_URL_S3", "localhost:9000", "http"),
    ("AWS_ENDPOINT_URL_S3", "https://host/?x=1", "query"),
    ("BACKEND_URL", "ftp://backend", "http"),
    ("BACKEND_URL", "http://[::1", "well-formed"),
    ("BACKEND_URL", "http://host:70000", "well-formed"),
    ("SEVALLA_API_URL", "http://api.sevalla.com/v3", "an https address, or http on this machine"),
    ("FINRAG_DAILY_BUDGET_USD", "-0.01", "from 0 to 1000000"),
    ("FINRAG_DAILY_BUDGET_USD", "nan", "from 0 to 1000000"),
    ("FINRAG_DAILY_BUDGET_USD", "5 USD", "a number"),
    ("FINRAG_ANSWER_CACHE_MB", "-1", "from 0 to 4096"),
    ("FINRAG_LOG_PROMPTS", "perhaps", "true or false"),
    ("PORT", "65536", "from 1 to 65535"),
    ("PORT", "http", "whole number"),
]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_defaults_apply_when_nothing_is_set(tmp_path: Path) -> None:
    config = load_config(environ={}, folder=tmp_path)

    assert (config.store, config.cache_dir, config.cache_mb) == (".finrag/store", "/tmp/finrag_cache", 1024)
    assert (config.model, config.log_level, config.backend_url) == ("extractive", "info", "http://localhost:8000")
    assert (config.api_key, config.aws_access_key_id, config.aws_region, config.port) == (None, None, None, None)
    assert (config.model_id, config.models_file, config.model_timeout_s) == (None, None, 30.0)
    assert (config.openai_base_url, config.openai_api_key) == ("https://api.openai.com/v1", None)
    assert config.cache_bytes == 1_073_741_824


def test_environment_wins_over_credentials_file_over_yaml_over_default(tmp_path: Path) -> None:
    write(tmp_path / CONFIG_FILE, "FINRAG_STORE: yaml\nFINRAG_CACHE_MB: 1\nLOG_LEVEL: error\n")
    write(tmp_path / CREDENTIALS_FILE, "FINRAG_STORE=file\nFINRAG_CACHE_MB=2\n")

    config = load_config(environ={"FINRAG_STORE": "environment"}, folder=tmp_path)

    assert (config.store, config.cache_mb, config.log_level, config.model) == ("environment", 2, "error", "extractive")


def test_files_are_read_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / CONFIG_FILE, "FINRAG_CACHE_MB: 7")
    monkeypatch.chdir(tmp_path)

    assert load_config().cache_mb == 7


def test_setting_set_to_nothing_counts_as_not_set(tmp_path: Path) -> None:
    write(tmp_path / CONFIG_FILE, "FINRAG_CACHE_MB: 7\nLOG_LEVEL:\n")
    write(tmp_path / CREDENTIALS_FILE, "FINRAG_CACHE_MB=\nFINRAG_API_KEY=''\n")

    config = load_config(environ={"FINRAG_CACHE_MB": " ", "PORT": ""}, folder=tmp_path)

    assert (config.cache_mb, config.log_level, config.api_key, config.port) == (7, "info", None, None)


def test_values_are_brought_into_one_form(tmp_path: Path) -> None:
    environ = {
        "FINRAG_STORE": "s3://bucket/prefix/",
        "LOG_LEVEL": "WARNING",
        "BACKEND_URL": "https://backend.example/",
        "OPENAI_BASE_URL": "http://localhost:11434/v1/",
        "FINRAG_CACHE_DIR": "~/cache",
        "HOME": os.environ.get("HOME", "/root"),
    }

    config = load_config(environ=environ, folder=tmp_path)

    assert config.store == "s3://bucket/prefix"
    assert config.log_level == "warning"
    assert config.backend_url == "https://backend.example"
    assert config.openai_base_url == "http://localhost:11434/v1"
    assert config.cache_dir == str(Path("~/cache").expanduser())


@pytest.mark.parametrize(
    "copied", ["backend-1f2.svc.cluster.local:8000", "127.0.0.1:9410/", "backend", "http://h:1/api/"]
)
def test_address_of_the_back_end_is_taken_as_the_front_end_takes_it(tmp_path: Path, copied: str) -> None:
    config = load_config(environ={"BACKEND_URL": copied}, folder=tmp_path)
    assert config.backend_url == normalise_backend_url(copied)


@pytest.mark.parametrize(("name", "value", "words"), WRONG)
def test_wrong_value_is_refused_with_its_name_and_what_is_allowed(
    tmp_path: Path, name: str, value: str, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_config(environ={name: value}, folder=tmp_path)

    message = str(caught.value)
    assert message.startswith(f"{name}=")
    assert "in the environment" in message
    assert words in message
    assert "\n" not in message


def test_wrong_value_names_the_file_it_is_in(tmp_path: Path) -> None:
    write(tmp_path / CONFIG_FILE, "PORT: 0")

    with pytest.raises(SettingsError, match=rf"PORT='0' in {re.escape(str(tmp_path / CONFIG_FILE))}"):
        load_config(environ={}, folder=tmp_path)


def refusal_of(environ: dict[str, str], folder: Path) -> str:
    """Return the words with which the settings are refused, none when they are taken."""
    try:
        load_config(environ=environ, folder=folder)
    except SettingsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("field", sorted(MLConfig.model_fields))
def test_secret_put_into_another_setting_is_not_shown(tmp_path: Path, field: str) -> None:
    name = described_settings()[field][0].names[0]
    needed = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "FINRAG_API_KEY": "a-key"}
    for canary in CANARIES.values():
        assert sightings(name, refusal_of(needed | {name: canary.text}, tmp_path), [canary]) == []


@pytest.mark.parametrize("name", sorted(SECRET_NAMES))
def test_wrong_secret_is_refused_without_being_shown(tmp_path: Path, name: str) -> None:
    environ = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", name: f"{SECRET} and a space"}

    with pytest.raises(SettingsError, match=name) as caught:
        load_config(environ=environ, folder=tmp_path)

    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FINRAG_STORE", f"s3://id:{SECRET}@bucket/prefix"),
        ("BACKEND_URL", f"http://user:{SECRET}@host"),
        ("FINRAG_SHARED_REDIS", f"http://user:{SECRET}@host"),
        ("FINRAG_SHARED_REDIS", f"redis://user:{SECRET}@host:port"),
        ("FINRAG_SHARED_REDIS", f"rediss://host/0?password={SECRET}&ssl_cert_reqs=none"),
        ("AWS_ENDPOINT_URL_S3", f"http://user:{SECRET}@[::1"),
        ("OPENAI_BASE_URL", f"https://user:{SECRET}@host/v1"),
    ],
)
def test_password_in_an_address_is_refused_without_being_shown(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        load_config(environ={name: value}, folder=tmp_path)

    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_secrets_are_hidden_in_every_form_but_can_be_read(tmp_path: Path) -> None:
    redis = f"redis://user:{quote(SECRET, safe='')}@host:6379/1"
    config = load_config(environ=dict.fromkeys(SECRET_NAMES, SECRET) | {"FINRAG_SHARED_REDIS": redis}, folder=tmp_path)

    assert quote(SECRET, safe="") not in f"{config!r} {config} {config.model_dump()} {config.model_dump_json()}"
    assert SECRET not in f"{config!r} {config} {config.model_dump()} {config.model_dump_json()}"
    assert config.api_key is not None
    assert config.api_key.get_secret_value() == SECRET
    assert {
        name for setting, secret in described_settings().values() if secret for name in setting.names
    } == SECRET_NAMES


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    config = load_config(environ={}, folder=tmp_path)

    for field in MLConfig.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(config, field, None)


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_ACCESS_KEY_ID": "id"},
        {"AWS_SECRET_ACCESS_KEY": SECRET},
        {"AWS_SESSION_TOKEN": SECRET},
        {"FINRAG_API_KEY_PREVIOUS": SECRET},
    ],
    ids=lambda environ: next(iter(environ)),
)
def test_incomplete_credentials_are_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(environ))):
        load_config(environ=environ, folder=tmp_path)


def test_credentials_of_two_places_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path / CREDENTIALS_FILE, "AWS_ACCESS_KEY_ID=f\nAWS_SECRET_ACCESS_KEY=f\nAWS_SESSION_TOKEN=f\n")

    config = load_config(environ={"AWS_ACCESS_KEY_ID": "e", "AWS_SECRET_ACCESS_KEY": "e"}, folder=tmp_path)

    assert config.aws_access_key_id is not None
    assert config.aws_access_key_id.get_secret_value() == "e"
    assert config.aws_session_token is None


def test_region_has_two_names_and_the_stronger_source_wins(tmp_path: Path) -> None:
    write(tmp_path / CREDENTIALS_FILE, "AWS_REGION=eu-west-1")

    assert load_config(environ={}, folder=tmp_path).aws_region == "eu-west-1"
    assert load_config(environ={"AWS_DEFAULT_REGION": "us-west-2"}, folder=tmp_path).aws_region == "us-west-2"
    both = {"AWS_DEFAULT_REGION": "us-west-2", "AWS_REGION": "us-east-2"}
    assert load_config(environ=both, folder=tmp_path).aws_region == "us-east-2"


def test_aws_variables_of_the_file_reach_the_process_unless_it_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path / CREDENTIALS_FILE,
        "AWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY='a$b#c'\nAWS_PROFILE=file\nFINRAG_API_KEY=key\n",
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "FINRAG_API_KEY"):
        monkeypatch.setenv(name, "")  # so that monkeypatch takes away what load_config adds
    monkeypatch.setenv("AWS_PROFILE", "environment")

    load_config(folder=tmp_path)

    assert os.environ["AWS_ACCESS_KEY_ID"] == "id"
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == "a$b#c"
    assert os.environ["AWS_PROFILE"] == "environment"
    assert os.environ["FINRAG_API_KEY"] == ""


def test_given_environment_leaves_the_process_alone(tmp_path: Path) -> None:
    write(tmp_path / CREDENTIALS_FILE, "AWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=key\n")

    load_config(environ={}, folder=tmp_path)

    assert "AWS_ACCESS_KEY_ID" not in os.environ


def test_unknown_variable_is_logged_with_a_suggestion(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        load_config(environ={"FINRAG_CHACHE_MB": SECRET, "FINRAG_": "x", "OTHER": "y"}, folder=tmp_path)

    assert "FINRAG_CHACHE_MB in the environment is not a setting; did you mean FINRAG_CACHE_MB?" in caplog.messages
    assert len(caplog.messages) == 2
    assert SECRET not in caplog.text


@pytest.mark.parametrize("text", ["true", "True", "yes", "'true'", "1"])
def test_switch_is_turned_on_in_yaml_and_in_the_environment(tmp_path: Path, text: str) -> None:
    write(tmp_path / CONFIG_FILE, f"FINRAG_LOG_PROMPTS: {text}")

    assert load_config(environ={}, folder=tmp_path).log_prompts is True
    assert load_config(environ={"FINRAG_LOG_PROMPTS": "false"}, folder=tmp_path).log_prompts is False


def test_budget_is_exact_and_may_be_nothing(tmp_path: Path) -> None:
    assert load_config(environ={}, folder=tmp_path).daily_budget_usd is None
    for text in ("0", "0.10", "12.5"):
        config = load_config(environ={"FINRAG_DAILY_BUDGET_USD": text}, folder=tmp_path)
        assert config.daily_budget_usd == Decimal(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FINRAG_CHACHE_MB: 1", "did you mean FINRAG_CACHE_MB"),
        ("FINRAG_API_KEY: key", "FINRAG_API_KEY is a secret"),
        ("FINRAG_CACHE_MB: true", "FINRAG_CACHE_MB must be one text or number"),
        ("FINRAG_STORE: [a, b]", "FINRAG_STORE must be one text or number"),
        ("- a\n- b", "NAME: value"),
        ("just text", "NAME: value"),
        ("a: b: c", "line 1: this is not valid YAML"),
        ("a: 'open", "not valid YAML"),
        ("a: 2024-99-99", "not valid YAML"),
        ("a: !!python/object:os.system x", "not valid YAML"),
    ],
)
def test_wrong_yaml_is_refused(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path / CONFIG_FILE, text)

    with pytest.raises(SettingsError) as caught:
        load_config(environ={}, folder=tmp_path)
    assert words in str(caught.value)
    assert str(CONFIG_FILE) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", [SECRET, f"export {SECRET}", f"AWS_SECRET_ACCESS_KEY='{SECRET}", f"={SECRET}"])
def test_malformed_line_of_the_credentials_file_is_refused_without_being_shown(tmp_path: Path, line: str) -> None:
    write(tmp_path / CREDENTIALS_FILE, f"# comment\n\n{line}\n")

    with pytest.raises(SettingsError, match=r"aws_credentials\.env line 3") as caught:
        load_config(environ={}, folder=tmp_path)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("file", [CONFIG_FILE, CREDENTIALS_FILE], ids=str)
def test_unreadable_file_is_reported(tmp_path: Path, file: Path) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_config(environ={}, folder=tmp_path)

    (tmp_path / file).unlink()
    (tmp_path / file).mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        load_config(environ={}, folder=tmp_path)


def test_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    write(tmp_path / CREDENTIALS_FILE, "\ufeffFINRAG_CACHE_MB=5\r\nLOG_LEVEL=error\r\n")

    config = load_config(environ={}, folder=tmp_path)

    assert (config.cache_mb, config.log_level) == (5, "error")


def test_yaml_example_names_settings_with_their_defaults(tmp_path: Path) -> None:
    example = (REPOSITORY / "ml_config.example.yaml").read_text(encoding="utf-8")
    values = "".join(f"{line[1:]}\n" for line in example.splitlines() if re.match(r"#[A-Z_]+:", line))
    write(tmp_path / CONFIG_FILE, values)

    assert values.count("\n") == 9
    assert load_config(environ={}, folder=tmp_path) == MLConfig()


def test_credentials_example_names_every_secret_and_holds_obviously_fake_values(tmp_path: Path) -> None:
    example = (REPOSITORY / ".aws_secrets.example" / CREDENTIALS_FILE.name).read_text(encoding="utf-8")
    write(tmp_path / CREDENTIALS_FILE, example)

    assert load_config(environ={}, folder=tmp_path).store == MLConfig().store
    values = dict(line.split("=", 1) for line in example.splitlines() if "=" in line and not line.startswith("#"))
    for setting, secret in described_settings().values():
        assert not secret or values[setting.names[0]] == "" or re.search("EXAMPLE|not-a-real", values[setting.names[0]])
