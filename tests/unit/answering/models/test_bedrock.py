"""Bedrock's own: cache points, request fields, exception frames, region and credentials."""

from __future__ import annotations

from dataclasses import replace

import pytest

from finrag_ml_tg1.answering.models.bedrock import BedrockModel
from finrag_ml_tg1.answering.models.errors import (
    ModelBrokenOffError,
    ModelCredentialsError,
    ModelMalformedError,
    ModelRequestError,
    ModelThrottledError,
    ModelUnavailableError,
)
from finrag_ml_tg1.answering.models.language_model import Finished, Prompt
from finrag_ml_tg1.answering.models.profiles import bundled_profiles
from finrag_ml_tg1.errors import ModelError
from finrag_ml_tg1.loaders.ml_config import MLConfig
from tests.model_servers import Reply, ScriptedModelServer, event_frame
from tests.unit.answering.models.conftest import make_model, settings

PROMPT = Prompt("system", "context", "question?")


def test_cache_point_stands_between_context_and_question(server: ScriptedModelServer) -> None:
    list(make_model("bedrock", server.url).write(PROMPT))

    (request,) = server.requests
    assert request.body["system"] == [{"text": "system"}]
    assert request.body["messages"][0]["content"] == [
        {"text": "context"},
        {"cachePoint": {"type": "default"}},
        {"text": "question?"},
    ]


def test_nothing_empty_and_no_cache_point_is_sent_where_there_is_no_context(server: ScriptedModelServer) -> None:
    list(make_model("bedrock", server.url).write(Prompt("", "", "question?")))

    (request,) = server.requests
    assert "system" not in request.body
    assert request.body["messages"][0]["content"] == [{"text": "question?"}]


def test_request_has_the_model_and_the_limits_of_the_profile(server: ScriptedModelServer) -> None:
    list(make_model("bedrock", server.url).write(PROMPT))

    (request,) = server.requests
    assert request.path == "/model/global.anthropic.claude-haiku-5-5/converse-stream"
    assert request.body["inferenceConfig"] == {"maxTokens": 2000}  # this model refuses a temperature
    assert request.body["additionalModelRequestFields"] == {"thinking": {"type": "disabled"}}


def test_temperature_is_sent_where_the_profile_has_one_and_no_cache_point_where_it_does_not_cache(
    server: ScriptedModelServer,
) -> None:
    profile = replace(bundled_profiles().by_key["production_balanced"], temperature=0.0, caches_prompts=False)

    list(BedrockModel(profile, settings(server.url)).write(PROMPT))

    (request,) = server.requests
    assert request.body["inferenceConfig"] == {"maxTokens": 2000, "temperature": 0.0}
    assert {"cachePoint": {"type": "default"}} not in request.body["messages"][0]["content"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("modelStreamErrorException", ModelBrokenOffError),
        ("throttlingException", ModelThrottledError),
        ("internalServerException", ModelUnavailableError),
        ("serviceUnavailableException", ModelUnavailableError),
        ("validationException", ModelRequestError),
    ],
)
def test_exception_frame_in_the_stream_is_raised_after_the_pieces(
    server: ScriptedModelServer, code: str, expected: type[ModelError]
) -> None:
    server.script(Reply(pieces=("Revenue ",), ending="error", error=code, message="words of the provider"))

    pieces = make_model("bedrock", server.url).write(PROMPT)
    assert next(pieces) == "Revenue "
    with pytest.raises(expected):
        next(pieces)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ServiceQuotaExceededException", ModelThrottledError),
        (429, "ModelNotReadyException", ModelUnavailableError),
        (424, "ModelErrorException", ModelUnavailableError),
        (408, "ModelTimeoutException", ModelUnavailableError),
        (404, "ResourceNotFoundException", ModelRequestError),
        (400, "ExpiredTokenException", ModelCredentialsError),
        (403, "AccessDeniedException", ModelCredentialsError),
    ],
)
def test_documented_errors_are_told_apart(
    server: ScriptedModelServer, status: int, code: str, expected: type[ModelError]
) -> None:
    server.script(Reply(status=status, error=code, message="words"))

    with pytest.raises(expected):
        list(make_model("bedrock", server.url).write(PROMPT))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("stop_sequence", "end_turn"),
        ("content_filtered", "refusal"),
        ("refusal", "refusal"),
        ("model_context_window_exceeded", "max_tokens"),
    ],
)
def test_other_stop_reasons_mean_one_of_ours(server: ScriptedModelServer, reason: str, expected: str) -> None:
    usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
    frames = (event_frame("messageStop", {"stopReason": reason}), event_frame("metadata", {"usage": usage}))
    server.script(Reply(events=frames))

    *_, end = make_model("bedrock", server.url).write(PROMPT)

    assert isinstance(end, Finished)
    assert end.stop_reason == expected


@pytest.mark.parametrize(
    "frame",
    [
        event_frame("contentBlockDelta", b'{"contentBlockIndex": 0, "delta": {"te'),
        event_frame("messageStop", {"stopReason": "tool_use"}) + event_frame("metadata", {"usage": {}}),
        b"HTTP is not an event stream",
    ],
    ids=["bad JSON", "a tool that was not offered", "other bytes"],
)
def test_frames_that_make_no_sense_are_malformed(server: ScriptedModelServer, frame: bytes) -> None:
    server.script(Reply(events=(frame,)))

    with pytest.raises(ModelMalformedError):
        list(make_model("bedrock", server.url).write(PROMPT))


def test_stream_without_its_end_is_broken_off(server: ScriptedModelServer) -> None:
    server.script(Reply(events=(event_frame("messageStart", {"role": "assistant"}),)))

    with pytest.raises(ModelBrokenOffError):
        list(make_model("bedrock", server.url).write(PROMPT))


def test_reasoning_is_no_part_of_the_answer(server: ScriptedModelServer) -> None:
    thought = event_frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "hm"}}})
    piece = event_frame("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "Yes."}})
    end = event_frame("messageStop", {"stopReason": "end_turn"})
    usage = event_frame("metadata", {"usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}})
    server.script(Reply(events=(thought, piece, end, usage)))

    assert next(make_model("bedrock", server.url).write(PROMPT)) == "Yes."


def test_missing_region_and_missing_credentials_are_named() -> None:
    profile = bundled_profiles().by_key["production_balanced"]

    with pytest.raises(ModelCredentialsError, match="AWS_REGION"):
        next(BedrockModel(profile, MLConfig()).write(PROMPT))
    with pytest.raises(ModelCredentialsError, match="AWS_ACCESS_KEY_ID"):
        next(BedrockModel(profile, MLConfig(aws_region="us-east-1")).write(PROMPT))
