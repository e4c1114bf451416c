"""One chat completion put together from its chunks: the text, why it ended, and what was counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from finrag_ml_tg1.answering.models.errors import ModelBrokenOffError, ModelMalformedError
from finrag_ml_tg1.answering.models.language_model import Finished, StopReason, TokenUsage
from finrag_ml_tg1.answering.models.metering import Meter
from finrag_ml_tg1.answering.models.openai_errors import CHECK, explain_event

__all__ = ["ChatCompletion"]

# `eos` and `stop_sequence` are what some compatible servers say for `stop`.
_STOP_REASONS: Mapping[str, StopReason] = {
    "stop": "end_turn",
    "eos": "end_turn",
    "stop_sequence": "end_turn",
    "length": "max_tokens",
    "content_filter": "refusal",
}


class ChatCompletion:
    """Takes the chunks in their order, or the whole, until it `is_cut`; `secret` is hidden where messages repeat it.

    Raises ModelMalformedError for what has another shape, and the error that a chunk reports.
    """

    def __init__(self, meter: Meter, secret: str) -> None:
        self._meter = meter
        self._secret = secret
        self._stop: StopReason | None = None
        self._refused = False
        self._counts: Mapping[str, Any] = {}

    def take_chunk(self, chunk: Mapping[str, Any]) -> Iterator[str]:
        """Yield the text of a chunk; the last one, with the usage, has none."""
        yield from self._take(chunk, "delta")

    def take_whole(self, answer: Mapping[str, Any]) -> Iterator[str]:
        """Yield the text of an answer that was not streamed."""
        yield from self._take(answer, "message")

    def end(self) -> None:
        """The server says that this was all; not every one has given a reason before."""
        self._stop = self._stop or "end_turn"

    @property
    def is_cut(self) -> bool:
        """Whether more came than was asked for: the rest is not wanted."""
        return self._meter.is_full

    def finished(self) -> Finished:
        """Return why it ended and what was used; raises ModelBrokenOffError when it had not ended."""
        if self.is_cut:
            return Finished("max_tokens", self._meter.usage())
        if self._stop is None:
            raise ModelBrokenOffError
        return Finished("refusal" if self._refused else self._stop, self._usage())

    def _take(self, chunk: Mapping[str, Any], part: str) -> Iterator[str]:
        if chunk.get("error"):
            raise explain_event(chunk["error"], self._secret)
        if isinstance(usage := chunk.get("usage"), dict):
            self._counts = usage
        choices = chunk.get("choices") or []
        if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
            raise self._malformed("choices of another kind")
        if not choices:
            self._meter.take("")
            return
        content = choices[0].get(part) or {}
        text = (content.get("content") or "") if isinstance(content, dict) else None
        if not isinstance(text, str):
            raise self._malformed("content that is no text")
        self._refused = self._refused or bool(content.get("refusal"))
        if kept := self._meter.take(text):
            yield kept
        if reason := choices[0].get("finish_reason"):
            if reason not in _STOP_REASONS:
                raise self._malformed(f"finish reason {str(reason)[:40]!r}")
            self._stop = _STOP_REASONS[reason]

    def _usage(self) -> TokenUsage:
        details = self._counts.get("prompt_tokens_details")
        cache = details if isinstance(details, dict) else {}
        return self._meter.usage(
            self._counts.get("prompt_tokens"),
            self._counts.get("completion_tokens"),
            cache.get("cached_tokens") or 0,
            cache.get("cache_write_tokens") or 0,
        )

    def _malformed(self, reason: str) -> ModelMalformedError:
        return ModelMalformedError(reason, CHECK)
