"""A provider's model as the rest of FinRAG sees it: asked again where that is safe, left alone while it fails."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Protocol

from finrag_ml_tg1.answering.models.circuit import CircuitBreaker
from finrag_ml_tg1.answering.models.errors import ModelRequestError, TransientModelError
from finrag_ml_tg1.answering.models.language_model import Finished, ModelProfile, Prompt
from finrag_ml_tg1.errors import ModelError

__all__ = ["GuardedModel", "ProviderModel"]

_RETRIES = 2
_FIRST_WAIT_S = 0.5
_MAX_WAIT_S = 5.0  # also for what a provider asks for: a reader waits, and the extractive answer is there at once
_RETRY_WINDOW_S = 10.0  # after which a failure is final


class ProviderModel(Protocol):
    """A LanguageModel whose iterator is a generator, so that it can be closed."""

    @property
    def profile(self) -> ModelProfile:
        """Which model this is."""
        ...

    def write(self, prompt: Prompt) -> Generator[str | Finished]:
        """Make one request and yield what comes; see LanguageModel.write."""
        ...


class GuardedModel:
    """LanguageModel that repeats a request only before the first piece, after a random wait that doubles its range.

    `jitter` gives a number from 0 to 1.
    """

    def __init__(
        self,
        model: ProviderModel,
        breaker: CircuitBreaker,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._model = model
        self._breaker = breaker
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter

    @property
    def profile(self) -> ModelProfile:
        """Which model this is."""
        return self._model.profile

    def write(self, prompt: Prompt) -> Generator[str | Finished]:
        """Yield the pieces and `Finished`; see LanguageModel.write. Raises ModelCircuitError without asking."""
        permit = self._breaker.enter()
        written = False
        try:
            for piece in self._attempt(prompt):
                written = True
                yield piece
        except ModelRequestError:
            self._breaker.leave(permit)
            raise
        except ModelError as error:
            self._breaker.fail(permit, error)
            raise
        except BaseException:  # the reader is gone, which says nothing against the model
            (self._breaker.succeed if written else self._breaker.leave)(permit)
            raise
        self._breaker.succeed(permit)

    def _attempt(self, prompt: Prompt) -> Generator[str | Finished]:
        started = self._clock()
        for attempt in range(_RETRIES + 1):
            with closing(self._model.write(prompt)) as pieces:
                try:
                    first = next(pieces)
                except TransientModelError as error:
                    wait_s = self._wait_s(attempt, error)
                    if attempt == _RETRIES or self._clock() + wait_s - started > _RETRY_WINDOW_S:
                        raise
                else:
                    yield first
                    yield from pieces
                    return
            self._sleep(wait_s)

    def _wait_s(self, attempt: int, error: TransientModelError) -> float:
        """Return how long to wait; longer than the window when the provider asks for more than a reader would wait."""
        spread_s = self._jitter() * min(_MAX_WAIT_S, _FIRST_WAIT_S * 2.0**attempt)
        if error.retry_after_s is None:
            return spread_s
        if error.retry_after_s > _MAX_WAIT_S:
            return float("inf")
        return error.retry_after_s + spread_s
