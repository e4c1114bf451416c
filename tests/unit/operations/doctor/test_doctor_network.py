"""Back end, language model and what else is asked: reached or not, with the key or without, and nothing paid."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.doctor.backend import check_backend, check_backend_key
from finrag_ml_tg1.operations.doctor.index import IndexInStore
from finrag_ml_tg1.operations.doctor.models import ChosenModel, check_model, check_model_address
from finrag_ml_tg1.operations.doctor.outside import check_sec_contact, check_vector_engine
from tests.local_processes import free_port
from tests.unit.operations.doctor.answering_server import Reply, Request, serve

OPENAI = ChosenModel("development", "openai", "gpt-6-luna", price_known=True)
BEDROCK = ChosenModel("production_balanced", "bedrock", "global.some-model", price_known=True)
KEY = SecretStr("wq9XhT2mVb7LrKzP4nYc8sDf")


def as_backend(request: Request, *, key: str = "", ready: int = 200) -> Reply:
    """Answer as a back end with that key does."""
    if request.path == "/livez":
        return Reply(200, b"ok")
    if request.path == "/readyz":
        return Reply(ready, b"ok" if ready == 200 else b"{}")
    if key and request.headers.get("X-API-Key") != key:
        return Reply(401)
    return Reply(200, b"{}")


def test_back_end_that_is_ready_and_takes_the_key_passes() -> None:
    with serve(lambda request: as_backend(request, key=KEY.get_secret_value())) as url:
        config = MLConfig(backend_url=url, api_key=KEY)
        assert check_backend(config).state == "ok"
        assert check_backend_key(config).state == "ok"
        other = MLConfig(backend_url=url, api_key=SecretStr("another-key-than-the-one"))
        refused = check_backend_key(other)
        assert refused.state == "failed"
        assert "another-key" not in str(refused)
        assert check_backend_key(MLConfig(backend_url=url)).state == "failed"


def test_back_end_that_lets_everybody_in_draws_a_warning_where_a_key_is_set() -> None:
    with serve(as_backend) as url:
        assert check_backend_key(MLConfig(backend_url=url)).state == "ok"
        assert check_backend_key(MLConfig(backend_url=url, api_key=KEY)).state == "warning"


def test_back_end_that_is_alive_and_not_ready_fails() -> None:
    with serve(lambda request: as_backend(request, ready=503)) as url:
        finding = check_backend(MLConfig(backend_url=url))
    assert finding.state == "failed"
    assert "/health" in finding.advice[0]


def test_server_that_is_no_back_end_fails() -> None:
    with serve(lambda request: Reply(200, b"<html>hello")) as url:
        finding = check_backend(MLConfig(backend_url=url))
    assert finding.state == "failed"
    assert "not as a FinRAG back end" in finding.found


def test_address_with_a_path_draws_a_warning() -> None:
    finding = check_backend(MLConfig(backend_url="http://localhost:8000/api"))
    assert finding.state == "warning"
    assert "http://localhost:8000" in finding.advice[0]


def test_back_end_that_is_not_running_is_skipped_here_and_fails_elsewhere() -> None:
    assert check_backend(MLConfig(backend_url=f"http://localhost:{free_port()}")).state == "skipped"
    finding = check_backend(MLConfig(backend_url="http://backend.invalid:8000"))
    assert finding.state == "failed"
    assert "BACKEND_URL" in finding.advice[0]


def test_extractive_asks_no_model() -> None:
    assert check_model(None, MLConfig()).state == "skipped"
    assert check_model_address(None, MLConfig()).state == "skipped"


def test_model_without_its_key_fails() -> None:
    finding = check_model(OPENAI, MLConfig(model="openai"))
    assert finding.state == "failed"
    assert "OPENAI_API_KEY" in finding.advice[0]


def test_model_without_price_or_budget_draws_a_warning() -> None:
    config = MLConfig(model="openai", openai_api_key=KEY)
    unpriced = ChosenModel("development", "openai", "other", price_known=False)
    assert "FINRAG_MODELS_FILE" in check_model(unpriced, config).advice[0]
    assert "FINRAG_DAILY_BUDGET_USD" in check_model(OPENAI, config).advice[0]
    assert check_model(OPENAI, config.model_copy(update={"daily_budget_usd": Decimal(5)})).state == "ok"
    assert check_model(unpriced, MLConfig(model="openai", openai_base_url="http://localhost:11434/v1")).state == "ok"


def test_only_the_list_of_models_is_asked_for() -> None:
    asked: list[tuple[str, str]] = []
    listing = json.dumps({"data": [{"id": "gpt-6-luna"}]}).encode()

    def answer(request: Request) -> Reply:
        asked.append((request.method, request.path))
        return Reply(200, listing) if request.headers.get("Authorization") == "Bearer k4y-0815" else Reply(401)

    with serve(answer) as url:
        config = MLConfig(openai_base_url=f"{url}/v1", openai_api_key=SecretStr("k4y-0815"))
        assert check_model_address(OPENAI, config).state == "ok"
        other = ChosenModel("development", "openai", "gpt-0", price_known=True)
        assert "does not list gpt-0" in check_model_address(other, config).found
        wrong = check_model_address(OPENAI, config.model_copy(update={"openai_api_key": SecretStr("k4y-4711")}))
    assert wrong.state == "failed"
    assert "k4y" not in str(wrong)
    assert set(asked) == {("GET", "/v1/models")}


@pytest.mark.parametrize(("status", "state"), [(404, "warning"), (429, "warning"), (500, "warning"), (403, "failed")])
def test_refused_list_of_models(status: int, state: str) -> None:
    with serve(lambda request: Reply(status)) as url:
        assert check_model_address(OPENAI, MLConfig(openai_base_url=url)).state == state


def test_bedrock_is_only_connected_to() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.method)
        return Reply(403)

    with serve(answer) as url:
        there = MLConfig(aws_region="us-east-1", aws_endpoint_url_bedrock_runtime=url)
        assert check_model_address(BEDROCK, there).state == "ok"
    assert asked == ["GET"]
    gone = there.model_copy(update={"aws_endpoint_url_bedrock_runtime": f"http://127.0.0.1:{free_port()}"})
    assert check_model_address(BEDROCK, gone).state == "failed"


def test_vector_engine_is_asked_only_where_one_is_set(tmp_path: Path) -> None:
    index = IndexInStore(LocalFolderStore(tmp_path))
    assert check_vector_engine(index, MLConfig()).state == "skipped"
    with pytest.raises(SettingsError, match="unencrypted"):
        check_vector_engine(
            index, MLConfig(vector_index="qdrant+http://vectors.example:6333/filings", qdrant_api_key=KEY)
        )


def test_contact_for_sec_is_a_hint() -> None:
    assert check_sec_contact(MLConfig()).state == "skipped"
    assert check_sec_contact(MLConfig(sec_contact="Jane Doe")).state == "warning"
    assert check_sec_contact(MLConfig(sec_contact="Jane Doe jane@example.com")).state == "ok"
