"""One chat completion put together from its chunks: the text, why it ended, and what was counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from finrag_ml_tg1.answering.models.errors import ModelBrokenOffError, ModelMalformedError
from finrag_ml_tg1.answering.models.language_model import Finished, Prompt, StopReason, TokenUsage
from finrag_ml_tg1.answering.models.openai_errors import CHECK, explain_event

__all__ = ["ChatCompletion"]

_CHARS_PER_TOKEN = 4
# `eos` and `stop_sequence` are what some compatible servers say for `stop`.
_STOP_REASONS: Mapping[str, StopReason] = {
    "stop": "end_turn",
    "eos": "end_turn",
    "stop_sequence": "end_turn",
    "length": "max_tokens",
    "content_filter": "refusal",
}


class ChatCompletion:
    """Takes the chunks in their order, or the whole; `model` and `secret` are for messages, where the latter is hidden.

    Raises ModelMalformedError for what has another shape, and the error that a chunk reports.
    """

    def __init__(self, model: str, secret: str) -> None:
        self._model = model
        self._secret = secret
        self._stop: StopReason | None = None
        self._refused = False
        self._usage: TokenUsage | None = None
        self._written_chars = 0

    def take_chunk(self, chunk: Mapping[str, Any]) -> Iterator[str]:
        """Yield the text of a chunk; the last one, with the usage, has none."""
        yield from self._take(chunk, "delta")

    def take_whole(self, answer: Mapping[str, Any]) -> Iterator[str]:
        """Yield the text of an answer that was not streamed."""
        yield from self._take(answer, "message")

    def end(self) -> None:
        """The server says that this was all; not every one has given a reason before."""
        self._stop = self._stop or "end_turn"

    def finished(self, prompt: Prompt) -> Finished:
        """Return why it ended and what was used; raises ModelBrokenOffError when it had not ended."""
        if self._stop is None:
            raise ModelBrokenOffError(self._model)
        return Finished("refusal" if self._refused else self._stop, self._usage or self._estimate(prompt))

    def _take(self, chunk: Mapping[str, Any], part: str) -> Iterator[str]:
        if chunk.get("error"):
            raise explain_event(chunk["error"], self._model, self._secret)
        if isinstance(usage := chunk.get("usage"), dict):
            self._usage = self._count(usage)
        choices = chunk.get("choices") or []
        if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
            raise self._malformed("choices of another kind")
        if not choices:
            return
        content = choices[0].get(part) or {}
        text = (content.get("content") or "") if isinstance(content, dict) else None
        if not isinstance(text, str):
            raise self._malformed("content that is no text")
        self._refused = self._refused or bool(content.get("refusal"))
        self._written_chars += len(text)
        if text:
            yield text
        if reason := choices[0].get("finish_reason"):
            if reason not in _STOP_REASONS:
                raise self._malformed(f"finish reason {str(reason)[:40]!r}")
            self._stop = _STOP_REASONS[reason]

    def _count(self, usage: Mapping[str, Any]) -> TokenUsage:
        details = usage.get("prompt_tokens_details") or {}
        try:
            sent, written = int(usage["prompt_tokens"]), int(usage.get("completion_tokens") or 0)
            cached, stored = int(details.get("cached_tokens") or 0), int(details.get("cache_write_tokens") or 0)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._malformed("a usage that is no count") from error
        return TokenUsage(input_tokens=sent, output_tokens=written, cached_tokens=cached, written_tokens=stored)

    def _estimate(self, prompt: Prompt) -> TokenUsage:
        sent_chars = len(prompt.system) + len(prompt.context) + len(prompt.question)
        return TokenUsage(
            input_tokens=-(-sent_chars // _CHARS_PER_TOKEN),
            output_tokens=-(-self._written_chars // _CHARS_PER_TOKEN),
        )

    def _malformed(self, reason: str) -> ModelMalformedError:
        return ModelMalformedError(self._model, reason, CHECK)
