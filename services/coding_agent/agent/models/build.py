"""The model that the settings name."""

from __future__ import annotations

from coding_agent.agent.language_model import LanguageModel
from coding_agent.agent.models.pricing import Prices
from coding_agent.agent.models.scripted import ScriptedModel, read_scripts
from coding_agent.settings import Settings

__all__ = ["build_model"]


def build_model(settings: Settings) -> LanguageModel:
    """Return the model of `settings.model`, which is not asked yet.

    Raises ValueError that names the setting.
    """
    prices = Prices.of(settings)
    if settings.model == "scripted":
        if settings.model_script is None:
            raise ValueError("CODING_AGENT_MODEL_SCRIPT must name a file: the scripted model answers from it")
        return ScriptedModel(read_scripts(settings.model_script), prices)
    raise NotImplementedError(settings.model)
