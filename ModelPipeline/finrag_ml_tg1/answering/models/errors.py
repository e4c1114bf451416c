"""Why a language model gave no answer; each message is for the reader of an answer, without secrets and addresses."""

from __future__ import annotations

from finrag_ml_tg1.errors import ModelError

__all__ = [
    "ModelBrokenOffError",
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

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ModelThrottledError(TransientModelError):
    """The provider has too many requests, of ours or of all."""

    def __init__(self, model: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"The language model {model} has too many requests: ask again in a minute.", retry_after_s)


class ModelUnavailableError(TransientModelError):
    """The provider could not be reached, or failed before it wrote."""

    def __init__(self, model: str, reason: str, check: str, retry_after_s: float | None = None) -> None:
        super().__init__(
            f"The language model {model} does not answer ({reason}): ask again later; if it stays so, check {check}.",
            retry_after_s,
        )


class ModelBrokenOffError(TransientModelError):
    """The stream ended before the answer did."""

    def __init__(self, model: str) -> None:
        super().__init__(f"The language model {model} broke off before the end of its answer: ask again.")


class ModelTimeoutError(ModelError):
    """Nothing came for longer than FINRAG_MODEL_TIMEOUT_S."""

    def __init__(self, model: str, timeout_s: float) -> None:
        super().__init__(
            f"The language model {model} wrote nothing for {timeout_s:g} s: ask again, or set a longer "
            "FINRAG_MODEL_TIMEOUT_S."
        )


class ModelMalformedError(ModelError):
    """What came is not in the provider's format."""

    def __init__(self, model: str, reason: str, check: str) -> None:
        super().__init__(
            f"The language model {model} sent what cannot be read ({reason}): ask again; if it stays so, check {check}."
        )


class ModelCredentialsError(ModelError):
    """There are no credentials, or the provider does not take them."""

    def __init__(self, model: str, reason: str, check: str) -> None:
        super().__init__(f"The language model {model} cannot be used ({reason}): check {check}.")


class ModelRequestError(ModelError):
    """The provider does not take this request and would not take it the next time; says nothing about its health."""

    def __init__(self, model: str, reason: str, check: str) -> None:
        super().__init__(f"The language model {model} did not take the request ({reason}): check {check}.")


class ModelCircuitError(ModelError):
    """The model has failed too often and is left alone for a while."""

    def __init__(self, model: str, wait_s: float, last: str) -> None:
        super().__init__(
            f"The language model {model} failed several times in a row and is not asked for another {wait_s:.0f} s. "
            f"The last time: {last}"
        )


class ModelNotOfferedError(ModelError):
    """The caller asked for a model that this server does not offer."""
