"""The model that the settings name."""

from __future__ import annotations

import logging

from coding_agent.agent.language_model import LanguageModel
from coding_agent.agent.models.pricing import Prices
from coding_agent.settings import Settings

__all__ = ["build_model"]

_log = logging.getLogger(__name__)


def build_model(settings: Settings) -> LanguageModel:
    """Return the model of `settings.model`, which is not asked yet; only then are the libraries imported it needs.

    Raises ValueError that names the setting.
    """
    prices = Prices.of(settings)
    if settings.model == "scripted":
        from coding_agent.agent.models.scripted import ScriptedModel, read_scripts

        if settings.model_script is None:
            raise ValueError("CODING_AGENT_MODEL_SCRIPT must name a file: the scripted model answers from it")
        return ScriptedModel(read_scripts(settings.model_script), prices)
    if not (settings.model_input_usd and settings.model_output_usd):
        _log.warning(
            "CODING_AGENT_MODEL_INPUT_USD and CODING_AGENT_MODEL_OUTPUT_USD are not both set: costs are not known, "
            "and no cost limit ends a job"
        )
    if settings.model == "bedrock":
        from coding_agent.agent.models.bedrock import BedrockModel

        return BedrockModel(settings.model_name, settings.model_region, prices, settings.model_timeout_s)
    from coding_agent.agent.models.openai_compatible import OpenAICompatibleModel

    key = settings.model_key.get_secret_value() if settings.model_key else ""
    return OpenAICompatibleModel(settings.model_name, settings.model_url, key, prices, settings.model_timeout_s)
