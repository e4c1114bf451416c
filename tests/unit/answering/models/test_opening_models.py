"""Which models a server offers by its settings, and what it says to whom asks for another."""

from __future__ import annotations

import logging
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from finrag_ml_tg1.answering.models.errors import ModelNotOfferedError
from finrag_ml_tg1.answering.models.language_model import Prompt, TokenUsage
from finrag_ml_tg1.answering.models.opening import ModelChoice, open_models
from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from tests.model_servers import ScriptedModelServer
from tests.unit.answering.models.conftest import settings

OWN_FILE = """
as_of: 2026-01-02
profiles:
  house:
    provider: openai
    model_id: house-model
    context_tokens: 8000
    max_output_tokens: 500
    prices: {input: 0.1, output: 0.3}
"""


def opened(**environ: str) -> ModelChoice:
    return open_models(load_config(environ=environ, folder=Path("/nonexistent")))


def test_extractive_is_the_default_and_offers_no_model() -> None:
    choice = opened()

    assert choice.choose(None) is None
    assert choice.choose("extractive") is None
    assert choice.keys == ("extractive",)
    for key in ("bedrock", "production_premium", "nonsense"):
        with pytest.raises(ModelNotOfferedError, match=r"answers extractively.*set FINRAG_MODEL"):
            choice.choose(key)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bedrock", "production_balanced"),
        ("production_premium", "production_premium"),
        ("openai", "development"),
        ("development", "development"),
    ],
)
def test_configured_model_is_the_default(name: str, expected: str) -> None:
    choice = opened(FINRAG_MODEL=name)

    default = choice.choose(None)
    assert default is not None
    assert default.profile.key == expected
    assert choice.choose(expected) is default
    assert choice.choose("extractive") is None


def test_models_of_one_provider_are_on_offer_together_and_openai_where_it_is_set() -> None:
    assert opened(FINRAG_MODEL="bedrock").keys == ("extractive", "production_balanced", "production_premium")
    assert opened(FINRAG_MODEL="openai").keys == ("extractive", "development")
    both = opened(FINRAG_MODEL="bedrock", OPENAI_API_KEY="not-a-real-key")
    assert set(both.keys) == {"extractive", "development", "production_balanced", "production_premium"}


def test_model_that_is_not_on_offer_is_refused_with_those_that_are() -> None:
    with pytest.raises(ModelNotOfferedError, match="it has: extractive, development") as caught:
        opened(FINRAG_MODEL="openai").choose("production_premium'; DROP TABLE")
    assert "DROP" not in str(caught.value)


@pytest.mark.parametrize("key", ["development", "production_balanced", "production_premium"])
def test_every_profile_answers_through_the_chosen_model(server: ScriptedModelServer, key: str) -> None:
    model = open_models(settings(server.url, FINRAG_MODEL="bedrock")).choose(key)

    assert model is not None
    assert [piece for piece in model.write(Prompt("s", "c", "q")) if isinstance(piece, str)] == [
        "Revenue ",
        "rose ",
        "[1].",
    ]
    assert server.requests[0].is_bedrock == (key != "development")


def test_unknown_name_is_refused_at_the_start_with_those_that_are_known() -> None:
    with pytest.raises(SettingsError, match=r"FINRAG_MODEL='gpt'.*bedrock.*production_premium"):
        opened(FINRAG_MODEL="gpt")


def test_other_model_id_has_no_price_and_none_of_the_fields_of_the_model_it_replaces(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        model = opened(FINRAG_MODEL="openai", FINRAG_MODEL_ID="llama3.1:8b").choose(None)

    assert model is not None
    assert (model.profile.model_id, model.profile.price_known, model.profile.request) == ("llama3.1:8b", False, {})
    assert model.profile.cost(TokenUsage(1_000_000, 1_000_000)) == 0
    assert "FINRAG_MODELS_FILE" in caplog.text


@pytest.mark.parametrize(
    "where",
    [
        {"FINRAG_MODEL": "openai"},
        {"FINRAG_MODEL": "openai", "OPENAI_BASE_URL": "https://localhost.example.com/v1"},
        {"FINRAG_MODEL": "openai", "OPENAI_BASE_URL": "http://10.0.0.5:11434/v1"},
        {"FINRAG_MODEL": "bedrock"},
        {"FINRAG_MODEL": "bedrock", "OPENAI_BASE_URL": "http://localhost:11434/v1"},
    ],
    ids=str,
)
def test_budget_with_a_model_of_unknown_price_is_refused_at_the_start(where: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"FINRAG_DAILY_BUDGET_USD .*FINRAG_MODEL_ID=other.* FINRAG_MODELS_FILE"):
        opened(FINRAG_MODEL_ID="other", FINRAG_DAILY_BUDGET_USD="5", **where)


@pytest.mark.parametrize(
    ("address", "budget"),
    [
        ("http://localhost:11434/v1", "5"),
        ("http://127.0.0.1:8080/v1", "5"),
        ("http://[::1]:8080/v1", "5"),
        ("https://api.example.com/v1", "0"),
    ],
)
def test_model_of_unknown_price_is_taken_on_this_machine_and_where_none_may_be_asked(
    caplog: pytest.LogCaptureFixture, address: str, budget: str
) -> None:
    choice = opened(
        FINRAG_MODEL="openai", FINRAG_MODEL_ID="other", FINRAG_DAILY_BUDGET_USD=budget, OPENAI_BASE_URL=address
    )

    assert choice.keys == ("extractive", "development")
    assert "is not known" in caplog.text


def test_budget_with_a_priced_model_is_taken() -> None:
    assert opened(FINRAG_MODEL="bedrock", FINRAG_DAILY_BUDGET_USD="5").choose(None) is not None


def test_model_id_of_the_profile_itself_keeps_its_price(caplog: pytest.LogCaptureFixture) -> None:
    model = opened(FINRAG_MODEL="openai", FINRAG_MODEL_ID="gpt-6-luna").choose(None)

    assert model is not None
    assert model.profile.price_known
    assert caplog.messages == []


def test_model_id_without_a_model_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    opened(FINRAG_MODEL_ID="llama3.1:8b")

    assert "FINRAG_MODEL_ID has no effect" in caplog.text


def test_file_of_ones_own_takes_the_place_of_the_bundled_one(tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(OWN_FILE)

    choice = opened(FINRAG_MODEL="house", FINRAG_MODELS_FILE=str(tmp_path / "models.yaml"))

    assert choice.keys == ("extractive", "house")
    model = choice.choose(None)
    assert model is not None
    assert model.profile.cost(TokenUsage(1_000_000, 1_000_000)) == Decimal("0.4")
    with pytest.raises(SettingsError, match=r"FINRAG_MODEL='bedrock'.*house"):
        opened(FINRAG_MODEL="bedrock", FINRAG_MODELS_FILE=str(tmp_path / "models.yaml"))


def test_region_of_another_store_is_refused_for_bedrock() -> None:
    with pytest.raises(SettingsError, match="AWS_REGION=auto"):
        opened(FINRAG_MODEL="bedrock", AWS_REGION="auto")


@pytest.mark.parametrize(("model", "warned"), [("bedrock", True), ("openai", False), ("extractive", False)])
def test_one_address_for_all_of_aws_draws_a_warning_with_bedrock(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, model: str, warned: bool
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")

    opened(FINRAG_MODEL=model)

    assert ("AWS_ENDPOINT_URL sends S3 and Bedrock to one address" in caplog.text) == warned


def test_opening_imports_no_client() -> None:
    code = (
        "import sys; from pathlib import Path; from finrag_ml_tg1.loaders.ml_config_loader import load_config\n"
        "from finrag_ml_tg1.answering.models.opening import open_models\n"
        "open_models(load_config(environ={'FINRAG_MODEL': 'bedrock'}, folder=Path('/nonexistent')))\n"
        "print([name for name in ('boto3', 'botocore', 'urllib3') if name in sys.modules])"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
