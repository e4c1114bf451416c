"""What answering needs of a language model; the providers are the modules beside this one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol

__all__ = ["Cancellation", "Finished", "LanguageModel", "ModelProfile", "Prompt", "StopReason", "TokenUsage"]

Provider = Literal["bedrock", "openai"]
StopReason = Literal["end_turn", "max_tokens", "refusal"]

_PER_MILLION = Decimal(1_000_000)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens as the provider counts them; `cached_tokens` of the input were read from its prompt cache.

    `written_tokens` of the input were put into that cache. Both are part of `input_tokens`.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    written_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """All tokens, in and out."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """A model by the name it is chosen by: who serves it, what it costs (USD for a million tokens), what it takes.

    `context_tokens` is what input and output may have together; `request` are fields that only this model's requests
    have. Where the price is not known, `price_known` is false and every cost is 0.
    """

    key: str
    provider: Provider
    model_id: str
    context_tokens: int
    max_output_tokens: int
    input_price: Decimal = Decimal(0)
    output_price: Decimal = Decimal(0)
    cached_price: Decimal = Decimal(0)
    written_price: Decimal = Decimal(0)
    caches_prompts: bool = False
    temperature: float | None = 0.0
    price_known: bool = True
    request: Mapping[str, object] = field(default_factory=dict, hash=False)

    def cost(self, usage: TokenUsage) -> Decimal:
        """Return in USD what these tokens cost."""
        plain = usage.input_tokens - usage.cached_tokens - usage.written_tokens
        parts = (
            plain * self.input_price,
            usage.cached_tokens * self.cached_price,
            usage.written_tokens * self.written_price,
            usage.output_tokens * self.output_price,
        )
        return sum(parts, Decimal(0)) / _PER_MILLION


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked: `system`, which is the same for all questions, `context`, and the question last."""

    system: str
    context: str
    question: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of what a model wrote: why it stopped, and what it used."""

    stop_reason: StopReason
    usage: TokenUsage


class Cancellation:
    """Set once, by whoever no longer wants an answer. Safe for use from several threads."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._closing: list[Callable[[], None]] = []

    @property
    def is_cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """End what is under way; never raises, does not wait, and does nothing the second time."""
        with self._lock:
            if self._cancelled.is_set():
                return
            self._cancelled.set()
            for close in self._closing:
                _call(close)

    def wait(self, seconds: float) -> bool:
        """Return after that long, or as soon as it is cancelled; whether it is."""
        return self._cancelled.wait(seconds)

    @contextmanager
    def closing_with(self, close: Callable[[], None]) -> Iterator[None]:
        """Have `close` called once when it is cancelled within the block, or at once when it is cancelled already.

        It is not called after the block. It must return at once; what it raises is logged.
        """
        with self._lock:
            self._closing.append(close)
            if self._cancelled.is_set():
                _call(close)
        try:
            yield
        finally:
            with self._lock:
                self._closing.remove(close)


def _call(close: Callable[[], None]) -> None:
    try:
        close()
    except Exception:
        _logger.exception("a connection could not be closed")


class LanguageModel(Protocol):
    """Writes an answer. Safe for use from several threads."""

    @property
    def profile(self) -> ModelProfile:
        """Which model this is."""
        ...

    def write(self, prompt: Prompt, cancellation: Cancellation | None = None) -> Generator[str | Finished, None, None]:
        """Yield the text in pieces as it arrives, and `Finished` last.

        Closing the generator ends the generation and its connection; a `cancellation` does so from another thread, and
        ModelCancelledError is raised. Raises ModelError; whatever was yielded before is then to be thrown away.
        """
        ...
