"""Models on Amazon Bedrock, asked with ConverseStream; `Converse` would give the same text later.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from finrag_ml_tg1.answering.models.bedrock_errors import CHECK, explain
from finrag_ml_tg1.answering.models.errors import ModelBrokenOffError, ModelMalformedError
from finrag_ml_tg1.answering.models.interruption import LONGEST_ANSWER, interruptible
from finrag_ml_tg1.answering.models.language_model import (
    Cancellation,
    Finished,
    ModelProfile,
    Prompt,
    StopReason,
    TokenUsage,
)
from finrag_ml_tg1.answering.models.metering import Meter
from finrag_ml_tg1.loaders.aws_session import open_session

if TYPE_CHECKING:
    from botocore.eventstream import EventStream
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_bedrock_runtime.type_defs import ConverseStreamOutputTypeDef

    from finrag_ml_tg1.loaders.ml_config import MLConfig

__all__ = ["BedrockModel"]

_CONNECT_TIMEOUT_S = 4
_STOP_REASONS: Mapping[str, StopReason] = {
    "end_turn": "end_turn",
    "stop_sequence": "end_turn",
    "max_tokens": "max_tokens",
    "model_context_window_exceeded": "max_tokens",
    "guardrail_intervened": "refusal",
    "content_filtered": "refusal",
    "refusal": "refusal",
}


class BedrockModel:
    """One model on Bedrock; makes its client at the first question. Safe for use from several threads."""

    def __init__(self, profile: ModelProfile, config: MLConfig) -> None:
        self._profile = profile
        self._config = config
        self._client: BedrockRuntimeClient | None = None
        self._client_lock = threading.Lock()

    @property
    def profile(self) -> ModelProfile:
        """Which model this is."""
        return self._profile

    def write(self, prompt: Prompt, cancellation: Cancellation | None = None) -> Generator[str | Finished, None, None]:
        """Make one request, without repeating it, and yield what comes; see LanguageModel.write.

        A cancellation takes effect once Bedrock has sent the headers of its answer: boto3 gives no access to the
        connection before. Until then FINRAG_MODEL_TIMEOUT_S ends the wait.
        """
        timeout_s = self._config.model_timeout_s
        try:
            with closing(self._connected().converse_stream(**_request(self._profile, prompt))["stream"]) as stream:
                cut_off = partial(_stop_reading, stream)
                with interruptible(cut_off, cancellation or Cancellation(), LONGEST_ANSWER * timeout_s) as check:
                    yield from self._read(stream, Meter(self._profile, prompt), check)
        except (ClientError, BotoCoreError, HTTPError) as error:
            raise explain(error, timeout_s) from error

    def _read(
        self, stream: EventStream[ConverseStreamOutputTypeDef], meter: Meter, check: Callable[[], None]
    ) -> Generator[str | Finished, None, None]:
        stop: str | None = None
        usage: TokenUsage | None = None
        for event in _events(stream):
            check()
            text = ""
            if "contentBlockDelta" in event:
                delta: Mapping[str, Any] | None = event["contentBlockDelta"].get("delta")
                if delta is None:
                    raise ModelMalformedError("a piece without content", CHECK)
                text = delta.get("text") or ""
                if not isinstance(text, str):
                    raise ModelMalformedError("content that is no text", CHECK)
            elif "messageStop" in event:
                stop = str(event["messageStop"].get("stopReason", ""))
            elif "metadata" in event:
                usage = _usage(event["metadata"].get("usage", {}), meter)
            if kept := meter.take(text):
                yield kept
            if meter.is_full:
                yield Finished("max_tokens", meter.usage())
                return
        check()
        if stop is None or usage is None:
            raise ModelBrokenOffError
        if stop not in _STOP_REASONS:
            raise ModelMalformedError(f"stop reason {stop[:40]!r}", CHECK)
        yield Finished(_STOP_REASONS[stop], usage)

    def _connected(self) -> BedrockRuntimeClient:
        with self._client_lock:
            if self._client is None:
                self._client = _connect(self._config)
            return self._client


def _request(profile: ModelProfile, prompt: Prompt) -> dict[str, Any]:
    """Return the arguments of ConverseStream, which takes no empty text."""
    content = [{"text": text} for text in (prompt.context, prompt.question) if text]
    limits: dict[str, Any] = {"maxTokens": profile.max_output_tokens}
    if profile.temperature is not None:
        limits["temperature"] = profile.temperature
    request: dict[str, Any] = {
        "modelId": profile.model_id,
        "messages": [{"role": "user", "content": content}],
        "inferenceConfig": limits,
    }
    if prompt.system:
        # What follows differs from question to question: putting it into the cache would cost more and never be read.
        ends_here = [{"cachePoint": {"type": "default"}}] if profile.caches_prompts else []
        request["system"] = [{"text": prompt.system}, *ends_here]
    if profile.request:
        request["additionalModelRequestFields"] = dict(profile.request)
    return request


def _events(stream: EventStream[ConverseStreamOutputTypeDef]) -> Iterator[ConverseStreamOutputTypeDef]:
    """Yield the events; a payload of another shape makes botocore's parser stumble in ways that it does not name."""
    try:
        yield from stream
    except (ParserError, ValueError, AttributeError, TypeError) as error:
        raise ModelMalformedError("a damaged frame", CHECK) from error


def _usage(counted: Mapping[str, Any], meter: Meter) -> TokenUsage:
    """Return the usage; Bedrock's `inputTokens` are those that were neither read from its cache nor put there."""
    plain: Any = counted.get("inputTokens")
    cached, written = counted.get("cacheReadInputTokens") or 0, counted.get("cacheWriteInputTokens") or 0
    if any(type(count) is not int or count < 0 for count in (plain, cached, written)):
        return meter.usage()
    return meter.usage(plain + cached + written, counted.get("outputTokens"), cached, written)


def _stop_reading(stream: EventStream[ConverseStreamOutputTypeDef]) -> None:
    """End a read in another thread; the connection is closed by that thread."""
    with suppress(OSError, ValueError, RuntimeError):  # the stream has ended, or the server has left
        stream._raw_stream.shutdown()  # type: ignore[attr-defined]  # urllib3's response, which the stubs leave out


def _connect(config: MLConfig) -> BedrockRuntimeClient:
    return open_session(config).client(
        "bedrock-runtime",
        endpoint_url=config.aws_endpoint_url_bedrock_runtime,
        config=Config(
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=config.model_timeout_s,
            retries={"mode": "standard", "total_max_attempts": 1},  # GuardedModel repeats what may be repeated
            max_pool_connections=32,
        ),
    )
