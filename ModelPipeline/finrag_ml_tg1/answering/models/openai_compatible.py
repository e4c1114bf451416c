"""Models behind the chat completions of OpenAI, or of a server that speaks the same: Ollama, vLLM and others.

https://platform.openai.com/docs/api-reference/chat-streaming. Where a server counts no tokens (Ollama and vLLM of old,
proxies), they are estimated from the characters.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util import parse_url

from finrag_ml_tg1.answering.models.chat_completions import ChatCompletion
from finrag_ml_tg1.answering.models.connection import IdleConnections, cut, open_connection
from finrag_ml_tg1.answering.models.errors import ModelMalformedError, ModelTimeoutError, ModelUnavailableError
from finrag_ml_tg1.answering.models.interruption import LONGEST_ANSWER, interruptible
from finrag_ml_tg1.answering.models.language_model import Cancellation, Finished, ModelProfile, Prompt
from finrag_ml_tg1.answering.models.metering import Meter
from finrag_ml_tg1.answering.models.openai_errors import CHECK, explain, explain_answer
from finrag_ml_tg1.answering.models.server_sent_events import EventReader

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["OpenAICompatibleModel"]

_CONNECT_TIMEOUT_S = 4.0
# How long the few bytes are waited for that end an answer which is whole.
_END_WITHIN_S = 0.1
# A connection that was closed while it was idle shows it within a round trip. Later the server may have worked on the
# question, which is paid for, and whether it is asked again is for who counts the attempts.
_LEFT_WITHIN_S = 1.0
_MAX_ERROR_BYTES = 65_536
_MAX_ANSWER_BYTES = 8 * 1_048_576
# A chunk has some 300 bytes around its text.
_MOST_BYTES_PER_TOKEN = 4096
# OpenAI's reasoning models refuse `max_tokens`; Ollama and others know nothing else.
_NEW_LIMIT_HOSTS = (".openai.com", ".openai.azure.com")

_log = logging.getLogger(__name__)


class _ConnectionLeftError(Exception):
    """The server closed a connection that was kept, before it answered anything."""


class OpenAICompatibleModel:
    """One model of one server. Safe for use from several threads.

    While it is made, a request has a connection of its own; afterwards another may have it.
    """

    def __init__(self, profile: ModelProfile, base_url: str, api_key: SecretStr | None, timeout_s: float) -> None:
        self._profile = profile
        self._url = f"{base_url}/chat/completions"
        self._api_key = api_key.get_secret_value() if api_key else ""
        self._timeout_s = timeout_s
        self._idle = IdleConnections()

    @property
    def profile(self) -> ModelProfile:
        """Which model this is."""
        return self._profile

    def write(self, prompt: Prompt, cancellation: Cancellation | None = None) -> Generator[str | Finished, None, None]:
        """Make one request, without repeating it, and yield what comes; see LanguageModel.write.

        A cancellation takes effect at once, except while it is connecting.
        """
        kept = self._idle.take()
        if kept is not None:
            try:
                yield from self._ask(kept, prompt, cancellation or Cancellation(), is_kept=True)
            except _ConnectionLeftError:
                _log.debug("openai: the server has closed the connection that was kept")
            else:
                return
        yield from self._ask(self._connected(), prompt, cancellation or Cancellation())

    def _ask(
        self, connection: HTTPConnection, prompt: Prompt, cancellation: Cancellation, *, is_kept: bool = False
    ) -> Generator[str | Finished, None, None]:
        """Make the request on a connection, and keep that when the answer was read to its end.

        Raises _ConnectionLeftError when one that was kept is closed at once, before anything of an answer has come.
        """
        is_whole, began = False, time.monotonic()
        try:
            most_seconds = LONGEST_ANSWER * self._timeout_s
            with interruptible(partial(cut, connection.sock), cancellation, most_seconds) as check:
                try:
                    response = self._post(connection, prompt)
                except ConnectionError as error:
                    check()
                    if is_kept and time.monotonic() - began < _LEFT_WITHIN_S:
                        raise _ConnectionLeftError from error
                    raise
                with closing(response):
                    finished = yield from self._read(response, prompt, check)
                    is_whole = finished.stop_reason != "max_tokens" and _is_at_its_end(response, connection)
            yield finished
        except (HTTPError, HTTPException, OSError) as error:
            raise explain(error, self._timeout_s) from error
        finally:
            (self._idle.give if is_whole else HTTPConnection.close)(connection)

    def _connected(self) -> HTTPConnection:
        try:
            return open_connection(self._url, connect_timeout_s=_CONNECT_TIMEOUT_S, read_timeout_s=self._timeout_s)
        except (HTTPError, OSError) as error:
            raise ModelUnavailableError(type(error).__name__, f"the network and {CHECK}") from error

    def _post(self, connection: HTTPConnection, prompt: Prompt) -> BaseHTTPResponse:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if self._api_key:
            headers["Authorization"] = f"Bearer {self._api_key}"
        body = json.dumps(self._body(prompt), ensure_ascii=False).encode("utf-8", errors="replace")
        path = parse_url(self._url).request_uri
        with suppress(BrokenPipeError):  # a server that does not read to the end may have answered why
            connection.request("POST", path, body=body, headers=headers, preload_content=False)
        return connection.getresponse()

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

    def _read(
        self, response: BaseHTTPResponse, prompt: Prompt, check: Callable[[], None]
    ) -> Generator[str | Finished, None, Finished]:
        if response.status != 200:
            body = response.read(_MAX_ERROR_BYTES)
            raise explain_answer(response.status, response.headers, body, self._api_key)
        completion = ChatCompletion(Meter(self._profile, prompt), self._api_key)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":  # a server that does not stream
            whole = response.read(_MAX_ANSWER_BYTES)
            check()
            yield from completion.take_whole(_parsed(whole))
        elif kind == "text/event-stream":
            for data in self._events(response, check):
                if data == "[DONE]":
                    completion.end()
                    break
                yield from completion.take_chunk(_parsed(data))
                if completion.is_cut:
                    break
        else:
            raise ModelMalformedError(f"an answer of the type {kind[:40]!r}", CHECK)
        return completion.finished()

    def _events(self, response: BaseHTTPResponse, check: Callable[[], None]) -> Iterator[str]:
        """Yield the data of each event; comments, which keep a connection alive, don't count as a sign of life."""
        reader = EventReader()
        last = time.monotonic()
        left_bytes = _MAX_ANSWER_BYTES + _MOST_BYTES_PER_TOKEN * self._profile.max_output_tokens
        while received := response.read1(65_536):
            try:
                for data in reader.feed(received):
                    check()
                    yield data
                    last = time.monotonic()
            except ValueError as error:
                raise ModelMalformedError("a damaged stream", CHECK) from error
            check()
            if time.monotonic() - last > self._timeout_s:
                raise ModelTimeoutError(f"nothing but comments came for {self._timeout_s:g} s")
            left_bytes -= len(received)
            if left_bytes < 0:
                raise ModelMalformedError("a stream that is too long for what it says", CHECK)


def _is_at_its_end(response: BaseHTTPResponse, connection: HTTPConnection) -> bool:
    """Whether nothing of the answer is left on the connection, which its end follows at once."""
    if connection.sock is None:
        return False
    connection.sock.settimeout(_END_WITHIN_S)
    try:
        return not response.read1(_MAX_ERROR_BYTES)
    except (HTTPError, HTTPException, OSError):
        return False


def _parsed(data: str | bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelMalformedError("not JSON", CHECK) from error
    if not isinstance(parsed, dict):
        raise ModelMalformedError("not a JSON object", CHECK)
    return parsed
