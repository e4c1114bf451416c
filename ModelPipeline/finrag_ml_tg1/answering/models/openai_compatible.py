"""Models behind the chat completions of OpenAI, or of a server that speaks the same: Ollama, vLLM and others.

https://platform.openai.com/docs/api-reference/chat-streaming. Where a server counts no tokens (Ollama and vLLM of old,
proxies), they are estimated from the characters: four a token, as English text has on average.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from finrag_ml_tg1.answering.models.chat_completions import ChatCompletion
from finrag_ml_tg1.answering.models.errors import ModelMalformedError, ModelTimeoutError
from finrag_ml_tg1.answering.models.language_model import Finished, ModelProfile, Prompt
from finrag_ml_tg1.answering.models.openai_errors import CHECK, explain, explain_answer
from finrag_ml_tg1.answering.models.server_sent_events import EventReader

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["OpenAICompatibleModel"]

_CONNECT_TIMEOUT_S = 4.0
_MAX_ERROR_BYTES = 65_536
_MAX_ANSWER_BYTES = 8 * 1_048_576
# OpenAI's reasoning models refuse `max_tokens`; Ollama and others know nothing else.
_NEW_LIMIT_HOSTS = (".openai.com", ".openai.azure.com")


class OpenAICompatibleModel:
    """One model of one server. Safe for use from several threads; every request has a connection of its own."""

    def __init__(self, profile: ModelProfile, base_url: str, api_key: SecretStr | None, timeout_s: float) -> None:
        self._profile = profile
        self._url = f"{base_url}/chat/completions"
        self._api_key = api_key.get_secret_value() if api_key else ""
        self._timeout_s = timeout_s
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=timeout_s), retries=False
        )

    @property
    def profile(self) -> ModelProfile:
        """Which model this is."""
        return self._profile

    def write(self, prompt: Prompt) -> Generator[str | Finished]:
        """Make one request, without repeating it, and yield what comes; see LanguageModel.write."""
        try:
            response = self._post(prompt)
            try:
                yield from self._read(response, prompt)
            finally:
                response.close()
        except HTTPError as error:
            raise explain(error, self._profile.key, self._timeout_s) from error

    def _post(self, prompt: Prompt) -> urllib3.BaseHTTPResponse:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if self._api_key:
            headers["Authorization"] = f"Bearer {self._api_key}"
        body = json.dumps(self._body(prompt), ensure_ascii=False).encode("utf-8", errors="replace")
        return self._pool.request("POST", self._url, body=body, headers=headers, preload_content=False, redirect=False)

    def _body(self, prompt: Prompt) -> dict[str, Any]:
        asked = f"{prompt.context}\n\n{prompt.question}" if prompt.context else prompt.question
        messages = [{"role": "system", "content": prompt.system}] if prompt.system else []
        host = f".{urlsplit(self._url).hostname}"
        limit = "max_completion_tokens" if host.endswith(_NEW_LIMIT_HOSTS) else "max_tokens"
        body: dict[str, Any] = {
            "model": self._profile.model_id,
            "messages": [*messages, {"role": "user", "content": asked}],
            "stream": True,
            "stream_options": {"include_usage": True},
            limit: self._profile.max_output_tokens,
            **self._profile.request,
        }
        if self._profile.temperature is not None:
            body["temperature"] = self._profile.temperature
        return body

    def _read(self, response: urllib3.BaseHTTPResponse, prompt: Prompt) -> Iterator[str | Finished]:
        key = self._profile.key
        if response.status != 200:
            body = response.read(_MAX_ERROR_BYTES)
            raise explain_answer(response.status, response.headers, body, key, self._api_key)
        completion = ChatCompletion(key, self._api_key)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":  # a server that does not stream
            yield from completion.take_whole(self._parsed(response.read(_MAX_ANSWER_BYTES)))
        elif kind == "text/event-stream":
            for data in self._events(response):
                if data == "[DONE]":
                    completion.end()
                    break
                yield from completion.take_chunk(self._parsed(data))
        else:
            raise ModelMalformedError(key, f"an answer of the type {kind[:40] or 'unknown'}", CHECK)
        yield completion.finished(prompt)

    def _events(self, response: urllib3.BaseHTTPResponse) -> Iterator[str]:
        """Yield the data of each event; comments, which keep a connection alive, don't count as a sign of life."""
        reader = EventReader()
        last = time.monotonic()
        while received := response.read1(65_536):
            try:
                for data in reader.feed(received):
                    yield data
                    last = time.monotonic()
            except ValueError as error:
                raise ModelMalformedError(self._profile.key, "a damaged stream", CHECK) from error
            if time.monotonic() - last > self._timeout_s:
                raise ModelTimeoutError(self._profile.key, self._timeout_s)

    def _parsed(self, data: str | bytes) -> Mapping[str, Any]:
        try:
            parsed = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ModelMalformedError(self._profile.key, "not JSON", CHECK) from error
        if not isinstance(parsed, dict):
            raise ModelMalformedError(self._profile.key, "not a JSON object", CHECK)
        return parsed
