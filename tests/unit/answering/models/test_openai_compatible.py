"""What OpenAI-compatible servers have of their own: keys, limits, usage or none, and other ways to answer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from finrag_ml_tg1.answering.models.errors import (
    ModelCredentialsError,
    ModelMalformedError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from finrag_ml_tg1.answering.models.language_model import Finished, Prompt, TokenUsage
from finrag_ml_tg1.answering.models.openai_compatible import OpenAICompatibleModel
from finrag_ml_tg1.answering.models.profiles import bundled_profiles
from finrag_ml_tg1.errors import ModelError
from tests.model_servers import Reply, ScriptedModelServer
from tests.unit.answering.models.conftest import OPENAI_KEY, make_model

PROMPT = Prompt("system", "context", "question?")
PROFILE = bundled_profiles().by_key["development"]
WHOLE = {"choices": [{"message": {"content": "Yes [1]."}, "finish_reason": "stop"}]}


def sse(*chunks: object) -> tuple[bytes, ...]:
    texts = [chunk if isinstance(chunk, str) else json.dumps(chunk) for chunk in chunks]
    return tuple(f"data: {text}\n\n".encode() for text in texts)


def delta(text: str | None, finish: str | None = None, **more: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}]}


def end_of(server: ScriptedModelServer) -> Finished:
    *_, end = make_model("openai", server.url).write(PROMPT)
    assert isinstance(end, Finished)
    return end


def test_key_is_sent_as_bearer_token_and_only_where_there_is_one(server: ScriptedModelServer) -> None:
    list(make_model("openai", server.url).write(PROMPT))
    list(OpenAICompatibleModel(PROFILE, server.openai_url, None, 1.0).write(PROMPT))

    with_key, without = server.requests
    assert with_key.headers["authorization"] == f"Bearer {OPENAI_KEY}"
    assert "authorization" not in without.headers


def test_request_asks_for_a_stream_with_usage_and_the_fields_of_the_profile(server: ScriptedModelServer) -> None:
    profile = replace(PROFILE, temperature=0.0)

    list(OpenAICompatibleModel(profile, server.openai_url, None, 1.0).write(PROMPT))

    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.body == {
        "model": "gpt-6-luna",
        "messages": [
            {"role": "system", "content": "system"},
            {"role": "user", "content": "context\n\nquestion?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 2000,
        "temperature": 0.0,
        "reasoning_effort": "none",
    }


@pytest.mark.parametrize(
    ("base_url", "field"),
    [
        ("https://api.openai.com/v1", "max_completion_tokens"),
        ("https://name.openai.azure.com/openai/v1", "max_completion_tokens"),
        ("http://localhost:11434/v1", "max_tokens"),
        ("https://notopenai.com/v1", "max_tokens"),
    ],
)
def test_limit_has_the_name_that_the_server_knows(base_url: str, field: str) -> None:
    body = OpenAICompatibleModel(PROFILE, base_url, None, 1.0)._body(PROMPT)

    assert [name for name in body if name.startswith("max_")] == [field]


def test_tokens_are_estimated_where_the_server_counts_none(server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("x" * 41,), usage=None))

    assert end_of(server).usage == TokenUsage(input_tokens=6, output_tokens=11)  # 22 and 41 characters


def test_answer_that_is_not_streamed_is_taken_whole(server: ScriptedModelServer) -> None:
    body = json.dumps({**WHOLE, "usage": {"prompt_tokens": 5, "completion_tokens": 3}}).encode()
    server.script(Reply(body=body))

    assert list(make_model("openai", server.url).write(PROMPT)) == [
        "Yes [1].",
        Finished("end_turn", TokenUsage(5, 3)),
    ]


def test_refusal_text_is_no_answer(server: ScriptedModelServer) -> None:
    server.script(Reply(events=sse(delta(None, refusal="I cannot"), delta(None, "stop"), "[DONE]")))

    assert [piece for piece in make_model("openai", server.url).write(PROMPT) if isinstance(piece, str)] == []
    assert end_of(server).stop_reason == "refusal"


@pytest.mark.parametrize("reason", ["eos", "stop_sequence"])
def test_reasons_of_compatible_servers_are_understood(server: ScriptedModelServer, reason: str) -> None:
    server.script(Reply(events=sse(delta("Yes"), delta(None, reason))))  # and no [DONE]

    assert end_of(server).stop_reason == "end_turn"


def test_done_without_a_reason_is_an_end(server: ScriptedModelServer) -> None:
    server.script(Reply(events=sse(delta("Yes"), "[DONE]")))

    assert end_of(server).stop_reason == "end_turn"


@pytest.mark.parametrize(
    "chunk",
    [
        "[1, 2]",
        '"text"',
        {"choices": ["text"]},
        {"choices": "text"},
        {"choices": [{"delta": ["text"]}]},
        {"choices": [{"delta": {"content": ["text"]}}]},
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
        "[" * 100_000,
    ],
    ids=str,
)
def test_chunks_of_another_shape_are_malformed(server: ScriptedModelServer, chunk: object) -> None:
    server.script(Reply(events=sse(chunk)))

    with pytest.raises(ModelMalformedError):
        end_of(server)


@pytest.mark.parametrize("events", [(b"data: \xff\xfe\n\n",), (b"data: " + b"x" * 9_000_000,)], ids=["UTF-8", "size"])
def test_stream_that_is_no_text_or_has_no_end_is_malformed(
    server: ScriptedModelServer, events: tuple[bytes, ...]
) -> None:
    server.script(Reply(events=events))

    with pytest.raises(ModelMalformedError) as caught:
        end_of(server)
    assert "damaged" in caught.value.detail


@pytest.mark.parametrize(
    ("headers", "body"),
    [({"Content-Type": "text/html"}, b"<html>hello</html>"), ({"Content-Type": "application/json"}, b"<html>")],
)
def test_page_instead_of_an_answer_points_at_the_address(
    server: ScriptedModelServer, headers: dict[str, str], body: bytes
) -> None:
    server.script(Reply(body=body, headers=headers))

    with pytest.raises(ModelMalformedError) as caught:
        end_of(server)
    assert "OPENAI_BASE_URL" in caught.value.detail


def test_redirect_is_not_followed(server: ScriptedModelServer) -> None:
    with ScriptedModelServer() as other:
        server.script(Reply(status=307, headers={"Location": f"{other.openai_url}/chat/completions"}))

        with pytest.raises(ModelRequestError) as caught:
            end_of(server)
        assert "not followed" in caught.value.detail
        assert other.requests == []


def test_account_without_credit_is_not_throttling(server: ScriptedModelServer) -> None:
    server.script(Reply(status=429, error="insufficient_quota", message="You exceeded your current quota"))

    with pytest.raises(ModelCredentialsError) as caught:
        end_of(server)
    assert "billing" in caught.value.detail


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"object": "error", "message": "max context is 4096", "code": 400}', "max context is 4096"),  # vLLM
        (b'{"error": "model not found, try pulling it"}', "model not found"),  # Ollama
        (b'{"detail": "Not Found"}', "Not Found"),  # FastAPI
        (b"[1]", "404"),
        (b'{"error": ["x"]}', "404"),
        (b"", "404"),
    ],
)
def test_reason_is_read_from_the_error_bodies_of_servers(server: ScriptedModelServer, body: bytes, words: str) -> None:
    server.script(Reply(status=404, body=body))

    with pytest.raises(ModelRequestError) as caught:
        end_of(server)
    assert words in caught.value.detail


def test_key_in_an_error_body_is_hidden(server: ScriptedModelServer) -> None:
    server.script(Reply(status=400, message=f"the header was Bearer {OPENAI_KEY} and sk-proj-abcdef123456"))

    with pytest.raises(ModelRequestError) as caught:
        end_of(server)
    assert "the header was" in caught.value.detail
    assert OPENAI_KEY not in caught.value.detail
    assert "abcdef" not in caught.value.detail


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": 429, "message": "slow down"}, ModelThrottledError),
        ({"type": "rate_limit_error", "message": "slow down"}, ModelThrottledError),
        ({"type": "invalid_request_error", "message": "too long"}, ModelRequestError),
        ({"code": 503, "message": "overloaded"}, ModelUnavailableError),
        ("overloaded", ModelUnavailableError),
    ],
)
def test_error_instead_of_a_chunk_is_raised_after_the_pieces(
    server: ScriptedModelServer, error: object, expected: type[ModelError]
) -> None:
    server.script(Reply(events=sse(delta("Yes"), {"error": error})))

    pieces = make_model("openai", server.url).write(PROMPT)
    assert next(pieces) == "Yes"
    with pytest.raises(expected):
        next(pieces)


def test_comments_that_keep_the_connection_open_do_not_hide_a_stall(server: ScriptedModelServer) -> None:
    server.script(Reply(events=(*sse(delta("Yes")), *([b": ping\n\n", None] * 100)), next_after_s=0.1))

    pieces = make_model("openai", server.url, FINRAG_MODEL_TIMEOUT_S="0.5").write(PROMPT)
    assert next(pieces) == "Yes"
    with pytest.raises(ModelTimeoutError):
        next(pieces)


@pytest.mark.parametrize(
    "usage",
    [
        '{"prompt_tokens": "many", "completion_tokens": 1}',
        '{"prompt_tokens": Infinity, "completion_tokens": 1}',
        '{"prompt_tokens": 9}',
        '{"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 10}}',
        '{"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": "1"}}',
    ],
)
def test_counts_that_are_none_are_estimated_from_the_whole_answer(server: ScriptedModelServer, usage: str) -> None:
    server.script(Reply(events=sse(f'{{"usage": {usage}}}', delta("x" * 41, "stop"), "[DONE]")))

    assert end_of(server) == Finished("end_turn", TokenUsage(6, 11))  # 22 and 41 characters


def test_whole_answer_that_is_too_long_is_cut(server: ScriptedModelServer) -> None:
    whole = {"choices": [{"message": {"content": "x" * 20_000}, "finish_reason": "stop"}]}
    server.script(Reply(body=json.dumps(whole).encode()))

    piece, end = make_model("openai", server.url).write(PROMPT)

    assert piece == "x" * 16_000
    assert isinstance(end, Finished)
    assert end.stop_reason == "max_tokens"


def test_stream_of_comments_without_end_is_malformed(server: ScriptedModelServer) -> None:
    server.script(Reply(events=(b": " + b"x" * 1_000_000 + b"\n\n",) * 20))

    with pytest.raises(ModelMalformedError) as caught:
        end_of(server)
    assert "too long" in caught.value.detail
