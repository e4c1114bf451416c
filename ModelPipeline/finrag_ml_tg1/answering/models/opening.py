"""Which language models this server offers, by its settings; nothing is contacted before the first question."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from finrag_ml_tg1.answering.models.circuit import Circuit, CircuitBreaker
from finrag_ml_tg1.answering.models.errors import ModelNotOfferedError
from finrag_ml_tg1.answering.models.guarded import GuardedModel
from finrag_ml_tg1.answering.models.language_model import LanguageModel, ModelProfile
from finrag_ml_tg1.answering.models.profiles import ModelProfiles, bundled_profiles, read_profiles
from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.loopback import is_loopback
from finrag_ml_tg1.loaders.ml_config import MLConfig

__all__ = ["EXTRACTIVE", "ModelChoice", "open_models"]

EXTRACTIVE = "extractive"
_SHORT_NAMES = {"bedrock": "production_balanced", "openai": "development"}
_log = logging.getLogger(__name__)


class ModelChoice:
    """The models a question may name; each is made when it is first chosen, and shared from then on."""

    def __init__(
        self,
        config: MLConfig,
        profiles: Mapping[str, ModelProfile],
        default: str,
        open_circuit: Callable[[str], Circuit],
    ) -> None:
        self._config = config
        self._profiles = profiles
        self._default = default
        self._circuits = {key: open_circuit(key) for key in profiles}
        self._models: dict[str, LanguageModel] = {}
        self._lock = threading.Lock()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys on offer, `extractive` first."""
        return (EXTRACTIVE, *self._profiles)

    @property
    def profiles(self) -> tuple[ModelProfile, ...]:
        """The models on offer."""
        return tuple(self._profiles.values())

    @property
    def left_alone(self) -> Mapping[str, bool]:
        """For each model on offer whether its circuit is open: it is not asked, or tried once."""
        return {key: circuit.is_open for key, circuit in self._circuits.items()}

    def resolve(self, key: str | None) -> str:
        """Return which of `keys` a key means; raises ModelNotOfferedError, whose words say what is on offer."""
        name = self._default if key is None else _SHORT_NAMES.get(key, key)
        if name != EXTRACTIVE and not self._profiles:
            raise ModelNotOfferedError(
                "This server answers extractively: leave out model_key, or set FINRAG_MODEL where it runs."
            )
        if name != EXTRACTIVE and name not in self._profiles:
            raise ModelNotOfferedError(f"This server does not offer that model_key; it has: {', '.join(self.keys)}.")
        return name

    def choose(self, key: str | None) -> LanguageModel | None:
        """Return the model of that key, None for `extractive`; raises ModelNotOfferedError."""
        name = self.resolve(key)
        if name == EXTRACTIVE:
            return None
        with self._lock:
            if name not in self._models:
                profile = self._profiles[name]
                self._models[name] = GuardedModel(_provider(profile, self._config), self._circuits[name])
            return self._models[name]


def open_models(config: MLConfig, open_circuit: Callable[[str], Circuit] = lambda key: CircuitBreaker()) -> ModelChoice:
    """Return what FINRAG_MODEL and the settings beside it offer; `open_circuit` makes the circuit of a profile's key.

    A model offers the others of its provider, and those of an OpenAI-compatible server when one is set; a server set
    to `extractive` offers none. Raises SettingsError for a name or a file that cannot be used.
    """
    profiles = bundled_profiles() if config.models_file is None else read_profiles(Path(config.models_file))
    if config.model == EXTRACTIVE:
        if config.model_id is not None:
            _log.warning("FINRAG_MODEL_ID has no effect while FINRAG_MODEL is extractive")
        return ModelChoice(config, {}, EXTRACTIVE, open_circuit)
    configured = _configured(config, profiles)
    offered = {
        key: configured if key == configured.key else profile
        for key, profile in profiles.by_key.items()
        if profile.provider == configured.provider or (profile.provider == "openai" and _has_openai(config))
    }
    if any(profile.provider == "bedrock" for profile in offered.values()):
        _check_aws(config)
    return ModelChoice(config, offered, configured.key, open_circuit)


def _configured(config: MLConfig, profiles: ModelProfiles) -> ModelProfile:
    """Return the profile that FINRAG_MODEL names, with another model in it when FINRAG_MODEL_ID says so."""
    profile = profiles.by_key.get(_SHORT_NAMES.get(config.model, config.model))
    if profile is None:
        names = ", ".join([EXTRACTIVE, *_SHORT_NAMES, *profiles.by_key])
        raise SettingsError(f"FINRAG_MODEL={config.model!r} is no model; allowed: {names}.")
    if config.model_id is None or config.model_id == profile.model_id:
        return profile
    _check_budget(profile, config)
    _log.warning(
        "the price of FINRAG_MODEL_ID=%s is not known, so its answers cost nothing in reports and budget; "
        "FINRAG_MODELS_FILE can say it",
        config.model_id,
    )
    free = Decimal(0)
    return replace(
        profile,
        model_id=config.model_id,
        input_price=free,
        output_price=free,
        cached_price=free,
        written_price=free,
        price_known=False,
        request={},  # which were for the model that it replaces
    )


def _check_budget(profile: ModelProfile, config: MLConfig) -> None:
    """Raise SettingsError when a budget is to be kept with a model of unknown price that others run, for money."""
    at = config.openai_base_url if profile.provider == "openai" else config.aws_endpoint_url_bedrock_runtime
    is_own = at is not None and is_loopback(urlsplit(at).hostname or "")
    if config.daily_budget_usd and not is_own:
        raise SettingsError(
            f"FINRAG_DAILY_BUDGET_USD cannot be kept: the price of FINRAG_MODEL_ID={config.model_id} is not known. "
            "Put the model and its prices (0 where it is free) into a file and name it in FINRAG_MODELS_FILE."
        )


def _has_openai(config: MLConfig) -> bool:
    return config.openai_api_key is not None or "openai_base_url" in config.model_fields_set


def _check_aws(config: MLConfig) -> None:
    if config.aws_region == "auto":
        raise SettingsError("AWS_REGION=auto is no region of Amazon Bedrock; allowed: a region such as us-east-1.")
    if os.environ.get("AWS_ENDPOINT_URL"):
        _log.warning(
            "AWS_ENDPOINT_URL sends S3 and Bedrock to one address; use AWS_ENDPOINT_URL_S3 and "
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME instead"
        )


def _provider(profile: ModelProfile, config: MLConfig) -> LanguageModel:
    """Return the client; only then are the libraries imported that it needs."""
    if profile.provider == "bedrock":
        from finrag_ml_tg1.answering.models.bedrock import BedrockModel

        return BedrockModel(profile, config)
    from finrag_ml_tg1.answering.models.openai_compatible import OpenAICompatibleModel

    return OpenAICompatibleModel(profile, config.openai_base_url, config.openai_api_key, config.model_timeout_s)
