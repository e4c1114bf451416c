"""The words of a prompt as the YAML file holds them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files

import yaml

__all__ = ["NOT_IN_FILINGS", "PromptTemplate", "load_template"]

# What the model is told to write when the evidence holds no answer.
NOT_IN_FILINGS = "NOT_IN_FILINGS"


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """The parts of a prompt with places in braces; `version` names this wording."""

    version: str
    system: str
    context: str
    numbers: str
    passage: str
    question: str


@lru_cache(maxsize=1)
def load_template() -> PromptTemplate:
    """Return the words that ask for an answer."""
    text = (files(__package__) / "answer.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    return PromptTemplate(**{field.name: str(values[field.name]) for field in fields(PromptTemplate)})
