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
from finrag_ml_tg1.answering.models.language_model import Finished, Prompt, TokenUsage
from finrag_ml_tg1.answering.models.profiles import bundled_profiles
from finrag_ml_tg1.errors import ModelError
from finrag_ml_tg1.loaders.ml_config import MLConfig
from tests.model_servers import Reply, ScriptedModelServer, event_frame
from tests.unit.answering.models.conftest import make_model, settings

PROMPT = Prompt("system", "context", "question?")


def test_cache_point_stands_after_what_is_the_same_for_all_questions(server: ScriptedModelServer) -> None:
    profile = replace(bundled_profiles().by_key["production_balanced"], caches_prompts=True)

    list(BedrockModel(profile, settings(server.url)).write(PROMPT))

    (request,) = server.requests
    assert request.body["system"] == [{"text": "system"}, {"cachePoint": {"type": "default"}}]
    assert request.body["messages"][0]["content"] == [{"text": "context"}, {"text": "question?"}]


def test_bundled_profiles_put_nothing_into_the_cache(server: ScriptedModelServer) -> None:
    list(make_model("bedrock", server.url).write(PROMPT))

    (request,) = server.requests
    assert "cachePoint" not in str(request.body)


def test_nothing_empty_is_sent_where_there_is_no_context(server: ScriptedModelServer) -> None:
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


def test_temperature_is_sent_where_the_profile_has_one(
    server: ScriptedModelServer,
) -> None:
    profile = replace(bundled_profiles().by_key["production_balanced"], temperature=0.0)

    list(BedrockModel(profile, settings(server.url)).write(PROMPT))

    (request,) = server.requests
    assert request.body["inferenceConfig"] == {"maxTokens": 2000, "temperature": 0.0}


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
        event_frame("contentBlockDelta", {"delta": "text"}),
        event_frame("contentBlockDelta", {"delta": {"text": 5}}),
        event_frame("contentBlockDelta", b"[1]"),
        event_frame("contentBlockDelta", b"null"),
        event_frame("metadata", {"usage": "many"}),
    ],
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

    with pytest.raises(ModelCredentialsError) as without_region:
        next(BedrockModel(profile, MLConfig()).write(PROMPT))
    with pytest.raises(ModelCredentialsError) as without_key:
        next(BedrockModel(profile, MLConfig(aws_region="us-east-1")).write(PROMPT))
    assert "AWS_REGION" in without_region.value.detail
    assert "AWS_ACCESS_KEY_ID" in without_key.value.detail


@pytest.mark.parametrize(
    "counted",
    [
        {},
        {"inputTokens": "many", "outputTokens": 1, "totalTokens": 1},
        {"inputTokens": 1.5, "outputTokens": True, "totalTokens": 1},
        {"inputTokens": 9, "outputTokens": 1, "totalTokens": 1, "cacheReadInputTokens": [1]},
    ],
    ids=str,
)
def test_counts_that_are_none_are_estimated(server: ScriptedModelServer, counted: dict[str, object]) -> None:
    piece = event_frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "x" * 41}})
    end = event_frame("messageStop", {"stopReason": "end_turn"})
    server.script(Reply(events=(piece, end, event_frame("metadata", {"usage": counted}))))

    *_, finished = make_model("bedrock", server.url).write(PROMPT)

    assert finished == Finished("end_turn", TokenUsage(6, 11))  # 22 and 41 characters
