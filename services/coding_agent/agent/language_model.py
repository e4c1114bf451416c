"""What a language model does for the agent: one completion of a conversation, with what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["ChatMessage", "Completion", "LanguageModel"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What the model wrote; `cost_usd` by the prices in the settings; `stop_reason` in the provider's word."""

    text: str
    input_tokens: int
    output_tokens: int
    cost_usd: float
    stop_reason: str


class LanguageModel(Protocol):
    """One model of one provider."""

    name: str

    def complete(self, messages: Sequence[ChatMessage], *, timeout_s: float) -> Completion:
        """Ask once, retrying what is worth it within the time. Raises CodingAgentError `model_…`, without secrets."""
