"""Models behind the chat completions of OpenAI, or of a server that speaks the same: vLLM, Ollama and others.

https://platform.openai.com/docs/api-reference/chat/create. Where a server counts no tokens, they are estimated.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import httpx

from coding_agent.agent.language_model import ChatMessage, Completion
from coding_agent.agent.models.attempts import PassingModelError, repeated, retry_after_seconds, without_secrets
from coding_agent.agent.models.pricing import Prices, estimated_tokens
from coding_agent.errors import CodingAgentError

__all__ = ["OpenAICompatibleModel"]

_CONNECT_TIMEOUT_S = 10.0
_MOST_OUTPUT_TOKENS = 16_000
_MOST_ANSWER_BYTES = 8 * 1_048_576
# OpenAI's reasoning models refuse `max_tokens`; others know nothing else.
_NEW_LIMIT_HOSTS = (".openai.com", ".openai.azure.com")
_NO_CREDIT = "insufficient_quota"  # which comes as 429, though waiting does not help
_CHECK = "check CODING_AGENT_MODEL_URL and CODING_AGENT_MODEL_NAME"


class OpenAICompatibleModel:
    """One model of one server. Safe for use from several threads. Redirects are not followed: the key stays here.

    Raises ValueError for an address that is none.
    """

    def __init__(self, name: str, base_url: str, key: str, prices: Prices, timeout_s: float) -> None:
        try:
            self._url = httpx.URL(f"{base_url.rstrip('/')}/chat/completions")
        except httpx.InvalidURL as error:
            raise ValueError(f"CODING_AGENT_MODEL_URL is no address: {error}") from error
        if self._url.scheme not in {"http", "https"} or not self._url.host:
            raise ValueError("CODING_AGENT_MODEL_URL must be an http or https address, such as https://HOST/v1")
        self.name = name
        self._key = key
        self._prices = prices
        self._timeout_s = timeout_s

    def complete(self, messages: Sequence[ChatMessage], *, timeout_s: float) -> Completion:
        """Ask for one answer, whole. Raises CodingAgentError `model_…`."""
        with httpx.Client(follow_redirects=False) as client:
            return repeated(partial(self._ask, client, messages), min(timeout_s, self._timeout_s))

    def _ask(self, client: httpx.Client, messages: Sequence[ChatMessage], left_s: float) -> Completion:
        deadline = time.monotonic() + left_s
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        timeout = httpx.Timeout(left_s, connect=min(_CONNECT_TIMEOUT_S, left_s))
        try:
            with client.stream(
                "POST", self._url, content=self._body(messages), headers=headers, timeout=timeout
            ) as response:
                body = _read(response, deadline)
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise CodingAgentError(
                "model_timed_out", f"The model did not answer within {left_s:.0f} seconds"
            ) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise PassingModelError(
                "model_unreachable", f"The model's server cannot be reached ({type(error).__name__}): {_CHECK}"
            ) from error
        if response.status_code != 200:
            raise self._explain(response, body)
        return self._completion(messages, _parsed(body))

    def _body(self, messages: Sequence[ChatMessage]) -> bytes:
        limit = "max_completion_tokens" if f".{self._url.host}".endswith(_NEW_LIMIT_HOSTS) else "max_tokens"
        body = {
            "model": self.name,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            limit: _MOST_OUTPUT_TOKENS,
        }
        return json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace")

    def _completion(self, messages: Sequence[ChatMessage], answer: Mapping[str, Any]) -> Completion:
        """Return what was answered; what a model thought before (`reasoning_content`) is not part of it."""
        match answer:
            case {"choices": [{"message": {"content": str() | None as content}, **choice}, *_]}:
                text = content or ""
            case _:
                raise CodingAgentError("model_bad_answer", f"The model's server sent no chat completion: {_CHECK}")
        usage = answer.get("usage")
        counted = usage if isinstance(usage, dict) else {}
        read = _count(counted.get("prompt_tokens"))
        if read is None:
            read = estimated_tokens(*(message.content for message in messages))
        written = _count(counted.get("completion_tokens"))
        if written is None:
            written = estimated_tokens(text)
        return Completion(
            text=text,
            input_tokens=read,
            output_tokens=written,
            cost_usd=self._prices.cost_usd(read, written),
            stop_reason=without_secrets(str(choice.get("finish_reason") or "unknown"), self._key),
        )

    def _explain(self, response: httpx.Response, body: bytes) -> CodingAgentError:
        """Return the exception for an answer that is not 200."""
        status = response.status_code
        code, words = _said(body, self._key)
        wait_s = retry_after_seconds(response.headers.get("retry-after"))
        if code == _NO_CREDIT:
            return CodingAgentError("model_denied", "The account at the model's provider has no credit left")
        if status in {401, 403}:  # whose message repeats half of the key
            return CodingAgentError(
                "model_denied", f"The model's server refuses the key ({status}): check CODING_AGENT_MODEL_KEY"
            )
        if status == 429:
            return PassingModelError("model_rate_limited", "The model's provider wants fewer requests (429)", wait_s)
        if status == 408 or status >= 500:
            return PassingModelError("model_unreachable", f"The model's server answered {status}", wait_s)
        if 300 <= status < 400:
            return CodingAgentError("model_bad_answer", f"The model's server sends elsewhere ({status}): {_CHECK}")
        return CodingAgentError("model_bad_answer", f"The model's server answered {status}: {words or _CHECK}")


def _read(response: httpx.Response, deadline: float) -> bytes:
    """Return the body; one that comes in drops or without end is given up."""
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > _MOST_ANSWER_BYTES:
            raise CodingAgentError(
                "model_bad_answer", f"The model's answer is longer than {_MOST_ANSWER_BYTES:,} bytes"
            )
        if time.monotonic() > deadline:
            raise CodingAgentError("model_timed_out", "The model's answer did not end in time")
    return bytes(body)


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CodingAgentError("model_bad_answer", f"The model's server did not answer in JSON: {_CHECK}") from error
    return answer if isinstance(answer, dict) else {}


def _said(body: bytes, key: str) -> tuple[str, str]:
    """Return the code and the message of an error's body, empty where it has none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    if isinstance(error, dict):
        return str(error.get("code") or ""), without_secrets(
            str(error.get("message") or error.get("detail") or ""), key
        )
    return "", without_secrets(error, key) if isinstance(error, str) else ""


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None
