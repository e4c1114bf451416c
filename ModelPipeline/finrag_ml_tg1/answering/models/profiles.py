"""The named models of models.yaml, or of the file in FINRAG_MODELS_FILE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from finrag_ml_tg1.answering.models.language_model import ModelProfile, Provider
from finrag_ml_tg1.errors import SettingsError

__all__ = ["ModelProfiles", "bundled_profiles", "read_profiles"]


@dataclass(frozen=True, slots=True)
class ModelProfiles:
    """The profiles by their keys, and the day their prices are of."""

    as_of: date
    by_key: Mapping[str, ModelProfile]


# YAML reads 0.1 as the nearest double; its shortest text is the price that was written.
_Price = Annotated[Decimal, BeforeValidator(str), Field(ge=0)]


class _Prices(BaseModel, frozen=True, extra="forbid"):
    input: _Price
    output: _Price
    cache_read: _Price = Decimal(0)
    cache_write: _Price = Decimal(0)


class _Profile(BaseModel, frozen=True, extra="forbid", protected_namespaces=()):
    provider: Provider
    model_id: Annotated[str, Field(min_length=1)]
    context_tokens: Annotated[int, Field(ge=1000)]
    max_output_tokens: Annotated[int, Field(ge=1)]
    prices: _Prices
    prompt_caching: bool = False
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    request: dict[str, Any] = Field(default_factory=dict)


class _File(BaseModel, frozen=True, extra="forbid"):
    as_of: date
    profiles: Annotated[dict[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$")], _Profile], Field(min_length=1)]


def bundled_profiles() -> ModelProfiles:
    """Return the profiles that come with FinRAG."""
    source = files("finrag_ml_tg1.answering.models").joinpath("models.yaml")
    return _parse(source.read_text(encoding="utf-8"), "models.yaml")


def read_profiles(path: Path) -> ModelProfiles:
    """Return the profiles of a file of one's own; raises SettingsError that names FINRAG_MODELS_FILE."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"FINRAG_MODELS_FILE: {path} is not a text file in UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"FINRAG_MODELS_FILE: {path} cannot be read: {error.strerror}.") from error
    return _parse(text, f"FINRAG_MODELS_FILE: {path}")


def _parse(text: str, source: str) -> ModelProfiles:
    try:
        content = _File.model_validate(yaml.safe_load(text))
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SettingsError(f"{source}{line}: this is not valid YAML.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SettingsError(f"{source}: {place} cannot be used: {first['msg']}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"{source}: this is not valid YAML.") from error
    return ModelProfiles(content.as_of, {key: _profile(key, fields) for key, fields in content.profiles.items()})


def _profile(key: str, fields: _Profile) -> ModelProfile:
    return ModelProfile(
        key=key,
        provider=fields.provider,
        model_id=fields.model_id,
        context_tokens=fields.context_tokens,
        max_output_tokens=fields.max_output_tokens,
        input_price=fields.prices.input,
        output_price=fields.prices.output,
        cached_price=fields.prices.cache_read,
        written_price=fields.prices.cache_write,
        caches_prompts=fields.prompt_caching,
        temperature=fields.temperature,
        request=fields.request,
    )
