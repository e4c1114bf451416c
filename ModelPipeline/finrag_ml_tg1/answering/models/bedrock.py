"""Models on Amazon Bedrock, asked with ConverseStream; `Converse` would give the same text later.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from finrag_ml_tg1.answering.models.bedrock_errors import CHECK, explain
from finrag_ml_tg1.answering.models.errors import ModelBrokenOffError, ModelMalformedError
from finrag_ml_tg1.answering.models.language_model import Finished, ModelProfile, Prompt, StopReason, TokenUsage

if TYPE_CHECKING:
    from botocore.eventstream import EventStream
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_bedrock_runtime.type_defs import ConverseStreamOutputTypeDef
    from pydantic import SecretStr

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

    def write(self, prompt: Prompt) -> Generator[str | Finished]:
        """Make one request, without repeating it, and yield what comes; see LanguageModel.write."""
        try:
            stream = self._connected().converse_stream(**_request(self._profile, prompt))["stream"]
            try:
                yield from self._read(stream)
            finally:
                stream.close()
        except (ClientError, BotoCoreError, HTTPError) as error:
            raise explain(error, self._profile.key, self._config.model_timeout_s) from error
        except (ParserError, ValueError) as error:
            raise ModelMalformedError(self._profile.key, "a damaged frame", CHECK) from error

    def _read(self, stream: EventStream[ConverseStreamOutputTypeDef]) -> Iterator[str | Finished]:
        stop: str | None = None
        usage: TokenUsage | None = None
        for event in stream:
            if "contentBlockDelta" in event:
                delta: Mapping[str, Any] | None = event["contentBlockDelta"].get("delta")
                if delta is None:
                    raise ModelMalformedError(self._profile.key, "a piece without content", CHECK)
                if delta.get("text"):
                    yield delta["text"]
            elif "messageStop" in event:
                stop = event["messageStop"].get("stopReason", "")
            elif "metadata" in event:
                usage = _usage(event["metadata"].get("usage", {}))
        if stop is None or usage is None:
            raise ModelBrokenOffError(self._profile.key)
        if stop not in _STOP_REASONS:
            raise ModelMalformedError(self._profile.key, f"stop reason {stop[:40]!r}", CHECK)
        yield Finished(_STOP_REASONS[stop], usage)

    def _connected(self) -> BedrockRuntimeClient:
        with self._client_lock:
            if self._client is None:
                self._client = _connect(self._config)
            return self._client


def _request(profile: ModelProfile, prompt: Prompt) -> dict[str, Any]:
    """Return the arguments of ConverseStream, which takes no empty text."""
    content: list[dict[str, Any]] = []
    if prompt.context:
        content.append({"text": prompt.context})
        if profile.caches_prompts:
            content.append({"cachePoint": {"type": "default"}})
    content.append({"text": prompt.question})
    limits: dict[str, Any] = {"maxTokens": profile.max_output_tokens}
    if profile.temperature is not None:
        limits["temperature"] = profile.temperature
    request: dict[str, Any] = {
        "modelId": profile.model_id,
        "messages": [{"role": "user", "content": content}],
        "inferenceConfig": limits,
    }
    if prompt.system:
        request["system"] = [{"text": prompt.system}]
    if profile.request:
        request["additionalModelRequestFields"] = dict(profile.request)
    return request


def _usage(counted: Mapping[str, Any]) -> TokenUsage:
    """Return the usage; Bedrock's `inputTokens` are those that were neither read from its cache nor put there."""
    cached = counted.get("cacheReadInputTokens", 0)
    written = counted.get("cacheWriteInputTokens", 0)
    return TokenUsage(
        input_tokens=counted.get("inputTokens", 0) + cached + written,
        output_tokens=counted.get("outputTokens", 0),
        cached_tokens=cached,
        written_tokens=written,
    )


def _connect(config: MLConfig) -> BedrockRuntimeClient:
    """Return a client with the settings' credentials, or with boto3's own search for them when there are none."""
    session = boto3.session.Session(
        aws_access_key_id=_revealed(config.aws_access_key_id),
        aws_secret_access_key=_revealed(config.aws_secret_access_key),
        aws_session_token=_revealed(config.aws_session_token),
        region_name=config.aws_region,
    )
    return session.client(
        "bedrock-runtime",
        endpoint_url=config.aws_endpoint_url_bedrock_runtime,
        config=Config(
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=config.model_timeout_s,
            retries={"mode": "standard", "total_max_attempts": 1},  # GuardedModel repeats what may be repeated
            max_pool_connections=32,
        ),
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
