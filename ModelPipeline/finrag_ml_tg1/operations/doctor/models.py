"""Checks of the language model: that it is known, has a key and a price, and that its address answers. No paid call."""

from __future__ import annotations

import json
from dataclasses import dataclass

from finrag_ml_tg1.loaders.aws_session import open_session
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.http_answers import HttpAnswer, get, listens_here

__all__ = ["ChosenModel", "check_model", "check_model_address"]

_NEVER_SENT = "the models' list costs nothing; no question was sent"


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """The model that FINRAG_MODEL chose: its profile's key, provider, id, and whether its price is known."""

    key: str
    provider: str
    model_id: str
    price_known: bool


def check_model(chosen: ChosenModel | None, config: MLConfig) -> Finding:
    """Look whether the model has what it needs before it is asked."""
    if chosen is None:
        return skipped("FINRAG_MODEL=extractive: answers quote the filings, no model is asked")
    found = f"{chosen.key}: {chosen.model_id} of {chosen.provider}"
    is_own = chosen.provider == "openai" and listens_here(config.openai_base_url)
    if chosen.provider == "openai" and config.openai_api_key is None and not is_own:
        if "openai_base_url" not in config.model_fields_set:
            return failed(f"{found}; OPENAI_API_KEY is not set", "set OPENAI_API_KEY, or FINRAG_MODEL=extractive")
        return warning(f"{found}; OPENAI_API_KEY is not set", "set it unless the server at OPENAI_BASE_URL needs none")
    if not chosen.price_known and not is_own:
        return warning(
            f"{found}; its price is not known, so cost shows as 0",
            "put the model and its prices into a file, and name it in FINRAG_MODELS_FILE",
        )
    if config.daily_budget_usd is None and not is_own:
        return warning(f"{found}; no daily budget", "set FINRAG_DAILY_BUDGET_USD: then a day cannot cost more")
    budget = "runs on this machine" if is_own else f"at most {config.daily_budget_usd} USD a day"
    return ok(f"{found}; {budget}")


def check_model_address(chosen: ChosenModel | None, config: MLConfig) -> Finding:
    """Look whether the provider answers: the list of models where there is one, a connection otherwise."""
    if chosen is None:
        return skipped("FINRAG_MODEL=extractive")
    if chosen.provider == "openai":
        key = config.openai_api_key.get_secret_value() if config.openai_api_key else ""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return _listed(get(f"{config.openai_base_url}/models", headers), chosen, config)
    region = open_session(config).region_name
    address = config.aws_endpoint_url_bedrock_runtime or f"https://bedrock-runtime.{region}.amazonaws.com"
    if not region:
        return failed("AWS_REGION is not set", "set it to a region where the account may use the model")
    answer = get(address)
    if answer.status == 0:
        return failed(
            f"{address}: {answer.problem}", "check AWS_REGION, the network, and AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
        )
    return ok(
        f"{address} answers",
        "whether the account may use the model is seen at the first question: bedrock:InvokeModelWithResponseStream, "
        "and access to the model granted in this region",
    )


def _listed(answer: HttpAnswer, chosen: ChosenModel, config: MLConfig) -> Finding:
    url = config.openai_base_url
    if answer.status == 0:
        return failed(f"{url}: {answer.problem}", "check OPENAI_BASE_URL and the network")
    if answer.status in {401, 403}:
        return failed(f"{url} refuses the key ({answer.status})", "check OPENAI_API_KEY")
    if answer.status == 404:
        return warning(f"{url} has no list of models", "check that OPENAI_BASE_URL ends as the server says, often /v1")
    if answer.status != 200:
        return warning(
            f"{url} answers {answer.status}", "try again; if it stays so, look at the provider's status page"
        )
    names = _names(answer.body)
    if names and chosen.model_id not in names:
        return warning(
            f"{url} answers, and does not list {chosen.model_id}", "check FINRAG_MODEL_ID, or load the model there"
        )
    return ok(f"{url} answers; {_NEVER_SENT}")


def _names(body: bytes) -> set[str]:
    """Return the listed ids; none when the list was cut or is none."""
    try:
        return {str(each["id"]) for each in json.loads(body)["data"]}
    except (ValueError, KeyError, TypeError):
        return set()
