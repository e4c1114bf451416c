"""Why a language model gave no answer, in a sentence that stands in the answer, and in detail for the log.

The sentence has no words of a provider, no address and no setting in it: those are in `detail`, which has no secret.
"""

from __future__ import annotations

from finrag_ml_tg1.errors import ModelError

__all__ = [
    "ModelBrokenOffError",
    "ModelCancelledError",
    "ModelCircuitError",
    "ModelCredentialsError",
    "ModelMalformedError",
    "ModelNotOfferedError",
    "ModelRequestError",
    "ModelThrottledError",
    "ModelTimeoutError",
    "ModelUnavailableError",
    "TransientModelError",
]


class TransientModelError(ModelError):
    """May be gone in a moment: the same request may be made again as long as nothing has been written.

    `retry_after_s` is how long the provider asks to wait, None when it does not say.
    """

    def __init__(self, message: str, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(message, detail)
        self.retry_after_s = retry_after_s


class ModelThrottledError(TransientModelError):
    """The provider has too many requests, of ours or of all."""

    def __init__(self, retry_after_s: float | None = None) -> None:
        detail = "too many requests" + ("" if retry_after_s is None else f", asks to wait {retry_after_s:g} s")
        super().__init__("The language model is not available right now (it is overloaded).", detail, retry_after_s)


class ModelUnavailableError(TransientModelError):
    """The provider could not be reached, or failed before it wrote."""

    def __init__(self, reason: str, check: str, retry_after_s: float | None = None) -> None:
        detail = f"unavailable ({reason}): if it stays so, check {check}"
        super().__init__("The language model is not available right now.", detail, retry_after_s)


class ModelBrokenOffError(TransientModelError):
    """The stream ended before the answer did."""

    def __init__(self) -> None:
        super().__init__(
            "The language model broke off before the end of its answer.", "the stream ended before the answer did"
        )


class ModelTimeoutError(ModelError):
    """Nothing came for too long, or the whole answer took too long."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "The language model did not answer in time.", f"{reason}: a longer FINRAG_MODEL_TIMEOUT_S waits longer"
        )


class ModelMalformedError(ModelError):
    """What came is not in the provider's format."""

    def __init__(self, reason: str, check: str) -> None:
        super().__init__(
            "The language model sent what cannot be read.", f"malformed ({reason}): if it stays so, check {check}"
        )


class ModelCredentialsError(ModelError):
    """There are no credentials, or the provider does not take them."""

    def __init__(self, reason: str, check: str) -> None:
        super().__init__(
            "The language model's credentials are missing or were refused.", f"no access ({reason}): check {check}"
        )


class ModelRequestError(ModelError):
    """The provider does not take this request and would not take it the next time; says nothing about its health."""

    def __init__(self, reason: str, check: str) -> None:
        super().__init__("The language model refused the request.", f"request refused ({reason}): check {check}")


class ModelCircuitError(ModelError):
    """The model has failed too often and is left alone for a while."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"The language model is left alone for {wait_s:.0f} s after repeated failures.")


class ModelCancelledError(ModelError):
    """Nobody waits for the answer any more; says nothing about the model."""

    def __init__(self) -> None:
        super().__init__("The answer was cancelled.")


class ModelNotOfferedError(ModelError):
    """The caller asked for a model that this server does not offer."""
