"""Models on Amazon Bedrock, asked with Converse.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
)

from coding_agent.agent.language_model import ChatMessage, Completion
from coding_agent.agent.models.attempts import PassingModelError, repeated, retry_after_seconds, without_secrets
from coding_agent.agent.models.pricing import Prices
from coding_agent.errors import CodingAgentError

__all__ = ["BedrockModel"]

_CONNECT_TIMEOUT_S = 10.0
_MOST_OUTPUT_TOKENS = 16_000
_MOST_ANSWER_CHARS = 8 * 1_048_576
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound)
_THROTTLED = {"ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException"}
_REFUSED = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "UnrecognizedClientException",
}
_PASSING = {"InternalServerException", "ModelErrorException", "ModelNotReadyException", "ServiceUnavailableException"}
_CHECK = "check CODING_AGENT_MODEL_NAME and CODING_AGENT_MODEL_REGION"
_CHECK_KEYS = "check the AWS credentials, that they may do bedrock:InvokeModel, and the account's access to the model"


class BedrockModel:
    """One model on Bedrock, with the AWS credentials of the process. Safe for use from several threads."""

    def __init__(self, name: str, region: str, prices: Prices, timeout_s: float) -> None:
        self.name = name
        self._region = region
        self._prices = prices
        self._timeout_s = timeout_s
        self._session_lock = threading.Lock()
        self._session: boto3.Session | None = None

    def complete(self, messages: Sequence[ChatMessage], *, timeout_s: float) -> Completion:
        """Ask for one answer, whole. Raises CodingAgentError `model_…`."""
        return repeated(partial(self._ask, _request(self.name, messages)), min(timeout_s, self._timeout_s))

    def _ask(self, request: Mapping[str, Any], left_s: float) -> Completion:
        try:
            with closing(self._client(left_s)) as client:
                answer = client.converse(**request)
        except (ClientError, BotoCoreError) as error:
            raise _explain(error, left_s) from error
        return self._completion(answer)

    def _client(self, left_s: float) -> Any:  # noqa: ANN401  # boto3 makes its clients' methods at run time
        """Return a client that waits as long as there is time: a client's timeouts cannot be changed later."""
        with self._session_lock:
            if self._session is None:
                self._session = boto3.Session(region_name=self._region)
            client: BaseClient = self._session.client(
                "bedrock-runtime",
                config=Config(
                    connect_timeout=min(_CONNECT_TIMEOUT_S, left_s),
                    read_timeout=left_s,
                    retries={"mode": "standard", "total_max_attempts": 1},  # `repeated` repeats what may be repeated
                ),
            )
            return client

    def _completion(self, answer: Mapping[str, Any]) -> Completion:
        """Return the text; what the model thought before (`reasoningContent`) is not part of it.

        `inputTokens` are those that were neither read from a cache nor put there.
        """
        match answer:
            case {"output": {"message": {"content": [*content]}}, "usage": {**usage}}:
                text = "".join(str(block["text"]) for block in content if "text" in block)
            case _:
                raise CodingAgentError("model_bad_answer", f"Amazon Bedrock sent no message: {_CHECK}")
        counts: Mapping[Any, Any] = usage
        read = sum(_count(counts, name) for name in ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"))
        written = _count(counts, "outputTokens")
        return Completion(
            text=text[:_MOST_ANSWER_CHARS],
            input_tokens=read,
            output_tokens=written,
            cost_usd=self._prices.cost_usd(read, written),
            stop_reason=str(answer.get("stopReason", "unknown")),
        )


def _request(name: str, messages: Sequence[ChatMessage]) -> dict[str, Any]:
    """Return the arguments of Converse, which takes rules apart from the turns."""
    system = [{"text": message.content} for message in messages if message.role == "system"]
    turns = [
        {"role": message.role, "content": [{"text": message.content}]}
        for message in messages
        if message.role != "system"
    ]
    request: dict[str, Any] = {
        "modelId": name,
        "messages": turns,
        "inferenceConfig": {"maxTokens": _MOST_OUTPUT_TOKENS},
    }
    if system:
        request["system"] = system
    return request


def _count(usage: Mapping[Any, Any], name: str) -> int:
    value: object = usage.get(name) or 0
    return value if type(value) is int and value >= 0 else 0


def _explain(error: ClientError | BotoCoreError, left_s: float) -> CodingAgentError:
    """Return the exception for a failure of boto3."""
    if isinstance(error, ClientError):
        return _explain_answer(error)
    if isinstance(error, _NO_CREDENTIALS):
        return CodingAgentError("model_denied", f"There are no AWS credentials for the model: {_CHECK_KEYS}")
    if isinstance(error, ReadTimeoutError):
        return CodingAgentError("model_timed_out", f"The model did not answer within {left_s:.0f} seconds")
    if isinstance(error, ParamValidationError):
        return CodingAgentError("model_bad_answer", f"Amazon Bedrock does not take this request: {_CHECK}")
    return PassingModelError(
        "model_unreachable", f"Amazon Bedrock cannot be reached ({type(error).__name__}): {_CHECK}"
    )


def _explain_answer(error: ClientError) -> CodingAgentError:
    said = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code = said.get("Code", "")
    status = metadata.get("HTTPStatusCode", 0)
    wait_s = retry_after_seconds(metadata.get("HTTPHeaders", {}).get("retry-after"))
    if code in _REFUSED or status in {401, 403}:
        return CodingAgentError("model_denied", f"Amazon Bedrock refuses ({without_secrets(code)}): {_CHECK_KEYS}")
    if code in _THROTTLED or status == 429:
        return PassingModelError("model_rate_limited", "Amazon Bedrock wants fewer requests", wait_s)
    if code == "ModelTimeoutException" or status == 408 or code in _PASSING or status >= 500:
        return PassingModelError(
            "model_unreachable", f"Amazon Bedrock answered {status} {without_secrets(code)}", wait_s
        )
    words = without_secrets(f"{code}: {said.get('Message', '')}")
    return CodingAgentError("model_bad_answer", f"Amazon Bedrock does not take the request ({words}): {_CHECK}")
