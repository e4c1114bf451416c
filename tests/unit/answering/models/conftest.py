"""The real clients, pointed at a scripted server on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from finrag_ml_tg1.answering.models.bedrock import BedrockModel
from finrag_ml_tg1.answering.models.language_model import LanguageModel
from finrag_ml_tg1.answering.models.openai_compatible import OpenAICompatibleModel
from finrag_ml_tg1.answering.models.profiles import bundled_profiles
from finrag_ml_tg1.loaders.ml_config_loader import MLConfig, load_config
from tests.model_servers import ScriptedModelServer

OPENAI_KEY = "not-a-real-key-1234567890"
AWS_SECRET = "not-a-real-aws-secret"
SHORT_TIMEOUT_S = 1.0


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the settings and credentials of the person who runs the tests out of them."""
    for name in os.environ:
        if name.startswith(("AWS_", "FINRAG_", "OPENAI_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no_aws_config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no_aws_credentials"))


@pytest.fixture
def server() -> Iterator[ScriptedModelServer]:
    with ScriptedModelServer() as started:
        yield started


@pytest.fixture(params=["bedrock", "openai"])
def provider(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def model(provider: str, server: ScriptedModelServer) -> LanguageModel:
    return make_model(provider, server.url)


@pytest.fixture
def hasty_model(provider: str, server: ScriptedModelServer) -> LanguageModel:
    """A model that is not waited for long."""
    return make_model(provider, server.url, FINRAG_MODEL_TIMEOUT_S=str(SHORT_TIMEOUT_S))


def settings(url: str, **more: str) -> MLConfig:
    environ = {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": OPENAI_KEY,
        "FINRAG_MODEL_TIMEOUT_S": "20",
    }
    return load_config(environ=environ | more, folder=Path("/nonexistent"))


def make_model(provider: str, url: str, **more: str) -> LanguageModel:
    """Return the client of the bundled profile, without retries and circuit."""
    config = settings(url, **more)
    profiles = bundled_profiles().by_key
    if provider == "bedrock":
        return BedrockModel(profiles["production_balanced"], config)
    return OpenAICompatibleModel(
        profiles["development"], config.openai_base_url, config.openai_api_key, config.model_timeout_s
    )
