"""Which of our exceptions a failure of an OpenAI-compatible server is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

from urllib3.exceptions import HTTPError, ReadTimeoutError

from finrag_ml_tg1.answering.models.errors import (
    ModelBrokenOffError,
    ModelCredentialsError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from finrag_ml_tg1.answering.models.provider_words import retry_after_seconds, without_secrets
from finrag_ml_tg1.errors import ModelError

__all__ = ["CHECK", "explain", "explain_answer", "explain_event"]

CHECK = "OPENAI_BASE_URL"
_CHECK_REQUEST = "FINRAG_MODEL_ID, FINRAG_MODELS_FILE and OPENAI_BASE_URL"
_NO_CREDIT = "insufficient_quota"  # which comes as 429, though waiting does not help


def explain(error: HTTPError | HTTPException | OSError, timeout_s: float) -> ModelError:
    """Return the exception to raise when an open connection fails, before or in the stream."""
    if isinstance(error, ReadTimeoutError | TimeoutError):
        return ModelTimeoutError(f"nothing came for {timeout_s:g} s")
    return ModelBrokenOffError()


def explain_answer(status: int, headers: Mapping[str, str], body: bytes, secret: str) -> ModelError:
    """Return the exception to raise for an answer that is not 200; `secret` is hidden where the body repeats it."""
    code, words = _said(body, secret)
    wait_s = retry_after_seconds(headers.get("retry-after"))
    if code == _NO_CREDIT:
        return ModelCredentialsError("its account has no credit left", "the account's billing")
    if status in {401, 403}:  # whose message repeats half of the key
        return ModelCredentialsError(f"the server answered {status}", f"OPENAI_API_KEY and {CHECK}")
    if status == 429:
        return ModelThrottledError(wait_s)
    if status == 408 or status >= 500:
        return ModelUnavailableError(f"the server answered {status}", CHECK, wait_s)
    if 300 <= status < 400:
        return ModelRequestError("the server sends to another address, which is not followed", CHECK)
    return ModelRequestError(f"{status} {words}".strip(), _CHECK_REQUEST)


def explain_event(said: object, secret: str) -> ModelError:
    """Return the exception to raise for an `error` that comes where a chunk was expected."""
    fields: Mapping[str, Any] = said if isinstance(said, dict) else {}
    status, words = fields.get("code"), without_secrets(str(fields.get("message") or said), secret)
    kind = str(fields.get("type") or "")
    if status == 429 or "rate_limit" in f"{kind} {status}":
        return ModelThrottledError()
    if (isinstance(status, int) and status < 500) or kind == "invalid_request_error":
        return ModelRequestError(words, _CHECK_REQUEST)
    return ModelUnavailableError(words, CHECK)


def _said(body: bytes, secret: str) -> tuple[str, str]:
    """Return the code and the message of an error body (OpenAI's, vLLM's, FastAPI's), empty where it has none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(content, dict):
        return "", ""
    error = content.get("error", content)
    if isinstance(error, str):
        return "", without_secrets(error, secret)
    if not isinstance(error, dict):
        return "", ""
    return str(error.get("code") or ""), without_secrets(str(error.get("message") or error.get("detail") or ""), secret)
