"""A provider's model as the rest of FinRAG sees it: asked again where that is safe, left alone while it fails."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Generator
from contextlib import closing

from finrag_ml_tg1.answering.models.circuit import Circuit, Permit
from finrag_ml_tg1.answering.models.errors import ModelCancelledError, ModelRequestError, TransientModelError
from finrag_ml_tg1.answering.models.language_model import Cancellation, Finished, LanguageModel, ModelProfile, Prompt
from finrag_ml_tg1.errors import ModelError

__all__ = ["GuardedModel"]

_RETRIES = 2
_FIRST_WAIT_S = 0.5
_MAX_WAIT_S = 5.0  # also for what a provider asks for: a reader waits, and the extractive answer is there at once
_RETRY_WINDOW_S = 10.0  # after which a failure is final
_log = logging.getLogger(__name__)


class GuardedModel:
    """LanguageModel that repeats a request only before the first piece, after a random wait that doubles its range.

    What is raised in the end is logged with its detail. `jitter` gives a number from 0 to 1.
    """

    def __init__(
        self,
        model: LanguageModel,
        circuit: Circuit,
        *,
        wait: Callable[[Cancellation, float], bool] = Cancellation.wait,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._model = model
        self._circuit = circuit
        self._wait = wait
        self._clock = clock
        self._jitter = jitter

    @property
    def profile(self) -> ModelProfile:
        """Which model this is."""
        return self._model.profile

    def write(self, prompt: Prompt, cancellation: Cancellation | None = None) -> Generator[str | Finished, None, None]:
        """Yield the pieces and `Finished`; see LanguageModel.write. Raises ModelCircuitError without asking."""
        permit = self._circuit.enter()
        written = False
        try:
            for piece in self._attempt(prompt, cancellation or Cancellation()):
                written = True
                yield piece
        except BaseException as error:
            self._learn(permit, error, written=written)
            raise
        self._circuit.succeed(permit)

    def _learn(self, permit: Permit, error: BaseException, *, written: bool) -> None:
        """Tell the circuit what a failure says of the model, and the log what it was."""
        if not isinstance(error, ModelError) or isinstance(error, ModelCancelledError):
            # The reader is gone, which says nothing against the model.
            (self._circuit.succeed if written else self._circuit.leave)(permit)
            return
        _log.warning("language model %s: %s", self.profile.key, error.detail)
        (self._circuit.leave if isinstance(error, ModelRequestError) else self._circuit.fail)(permit)

    def _attempt(self, prompt: Prompt, cancellation: Cancellation) -> Generator[str | Finished, None, None]:
        started = self._clock()
        for attempt in range(_RETRIES + 1):
            if cancellation.is_cancelled:
                raise ModelCancelledError
            with closing(self._model.write(prompt, cancellation)) as pieces:
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
            _log.debug("language model %s: attempt %d failed, again in %.2f s", self.profile.key, attempt + 1, wait_s)
            self._wait(cancellation, wait_s)

    def _wait_s(self, attempt: int, error: TransientModelError) -> float:
        """Return how long to wait; longer than the window when the provider asks for more than a reader would wait."""
        spread_s = self._jitter() * min(_MAX_WAIT_S, _FIRST_WAIT_S * 2.0**attempt)
        if error.retry_after_s is None:
            return spread_s
        if error.retry_after_s > _MAX_WAIT_S:
            return float("inf")
        return error.retry_after_s + spread_s
