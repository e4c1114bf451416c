"""What a failure of Qdrant's client means for the person who reads it. Nothing of the request is repeated."""

from __future__ import annotations

from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from finrag_ml_tg1.errors import VectorIndexError, VectorIndexUnavailableError

__all__ = ["explain", "is_passing", "wait_s"]

_BUSY = {429, 502, 503, 504}
_FIRST_WAIT_S = 0.1
_MISMATCH = "the collection was made for other vectors than these; choose another"


def is_passing(error: Exception) -> bool:
    """Return whether the same request may succeed a little later."""
    if isinstance(error, UnexpectedResponse):
        return error.status_code in _BUSY
    return isinstance(error, ResourceExhaustedResponse | ResponseHandlingException)


def wait_s(error: Exception, attempt: int) -> float:
    """Return how long to wait before the next attempt: as long as the server asks for, or longer each time."""
    if isinstance(error, ResourceExhaustedResponse):
        return float(error.retry_after_s)
    return float(_FIRST_WAIT_S * 2 ** (attempt - 1))


def explain(error: Exception, action: str, address: str) -> VectorIndexError:
    """Return the exception to raise for `error`."""
    if isinstance(error, ResourceExhaustedResponse):
        return VectorIndexUnavailableError(f"{address}: Qdrant has too many requests; try again later.")
    if isinstance(error, ResponseHandlingException):
        return VectorIndexUnavailableError(
            f"{address} cannot be reached ({type(error.source).__name__}): check the network and the server."
        )
    if isinstance(error, UnexpectedResponse):
        return _explain_status(
            error.status_code or 0, f"{address}: Qdrant refused to {action} with {error.status_code}"
        )
    # The local mode raises plain errors.
    return VectorIndexError(f"{address}: Qdrant refused to {action}: {_MISMATCH}.")


def _explain_status(status: int, answered: str) -> VectorIndexError:
    if status in {401, 403}:
        return VectorIndexUnavailableError(f"{answered}: check QDRANT_API_KEY and what the key may do.")
    if status in _BUSY or status >= 500:
        return VectorIndexUnavailableError(f"{answered}: the server is busy or has a fault; try again later.")
    if status == 404:
        return VectorIndexError(f"{answered}: there is no such collection; run `finrag vectors sync`.")
    return VectorIndexError(f"{answered}: {_MISMATCH}.")
