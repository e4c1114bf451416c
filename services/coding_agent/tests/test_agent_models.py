from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from coding_agent.agent.language_model import ChatMessage, Completion, LanguageModel
from coding_agent.agent.models.attempts import PassingModelError, repeated, retry_after_seconds, without_secrets
from coding_agent.agent.models.build import build_model
from coding_agent.agent.solver import solve
from coding_agent.errors import CodingAgentError
from coding_agent.runs.assignment import ExitStatus, IssueText
from coding_agent.runs.stop import Stop
from coding_agent.settings import Settings
from coding_agent.tests.agent_fakes import SUBMIT, FolderSandbox, MemorySink, assignment, bash
from coding_agent.tests.model_servers import ModelServer, model_server

TALK = [
    ChatMessage("system", "rules"),
    ChatMessage("user", "task"),
    ChatMessage("assistant", "a"),
    ChatMessage("user", "b"),
]
KEY = f"sk-{os.urandom(12).hex()}"


def settings_of(**values: Any) -> Settings:  # noqa: ANN401
    return Settings.model_validate(values)


def openai_answer(text: str | None = "hello", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    message = {"role": "assistant", "content": text, "reasoning_content": "thoughts"}
    return {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 2000, "completion_tokens": 500, "total_tokens": 2500},
        **more,
    }


def converse_answer(**more: Any) -> dict[str, Any]:  # noqa: ANN401
    content = [{"reasoningContent": {"reasoningText": {"text": "thoughts"}}}, {"text": "hel"}, {"text": "lo"}]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1500, "outputTokens": 500, "totalTokens": 2500, "cacheReadInputTokens": 500},
        "metrics": {"latencyMs": 5},
        **more,
    }


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between attempts are short: their length is tested by itself."""
    monkeypatch.setattr("coding_agent.agent.models.attempts._FIRST_WAIT_S", 0.001)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Callable[..., LanguageModel]:
    def model(kind: str, url: str, **settings: Any) -> LanguageModel:  # noqa: ANN401
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url)
        return build_model(
            settings_of(
                model=kind,
                model_name="acme.model-1",
                model_url=f"{url}/v1/",
                model_key=KEY,
                **{"model_input_usd": 2.0, "model_output_usd": 8.0, **settings},
            )
        )

    return model


GOOD = {"openai": openai_answer(), "bedrock": converse_answer()}


@pytest.mark.parametrize("kind", GOOD)
def test_an_answer_comes_with_its_tokens_and_its_cost(kind: str, build: Callable[..., LanguageModel]) -> None:
    with model_server(kind, (200, {}, GOOD[kind])) as server:
        completion = build(kind, server.url).complete(TALK, timeout_s=30)
    assert (completion.text, completion.input_tokens, completion.output_tokens) == ("hello", 2000, 500)
    # 2,000 tokens at $2 and 500 at $8 a million.
    assert completion.cost_usd == pytest.approx(0.008)
    assert completion.stop_reason in {"stop", "end_turn"}


def test_openai_gets_the_key_in_its_header_and_documented_fields_only(build: Callable[..., LanguageModel]) -> None:
    with model_server("openai", (200, {}, openai_answer())) as server:
        build("openai", server.url).complete(TALK, timeout_s=30)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert server.asked[0] == {
        "model": "acme.model-1",
        "messages": [{"role": message.role, "content": message.content} for message in TALK],
        "max_tokens": 16_000,
    }


def test_bedrock_gets_the_rules_apart_from_the_turns(build: Callable[..., LanguageModel]) -> None:
    with model_server("bedrock", (200, {}, converse_answer())) as server:
        build("bedrock", server.url).complete(TALK, timeout_s=30)
    assert server.paths == ["/model/acme.model-1/converse"]
    assert server.asked[0]["system"] == [{"text": "rules"}]
    assert [message["role"] for message in server.asked[0]["messages"]] == ["user", "assistant", "user"]


PASSING: list[tuple[str, int, dict[str, str], Any]] = [
    ("openai", 408, {}, {}),
    ("openai", 429, {"retry-after": "0"}, {"error": {"message": "slow", "code": "rate_limit_exceeded"}}),
    ("openai", 500, {}, b"<html>"),
    ("openai", 503, {}, {}),
    ("bedrock", 429, {"x-amzn-errortype": "ThrottlingException"}, {"message": "slow"}),
    ("bedrock", 408, {"x-amzn-errortype": "ModelTimeoutException"}, {"message": "slow"}),
    ("bedrock", 500, {"x-amzn-errortype": "InternalServerException"}, {"message": "oops"}),
    ("bedrock", 503, {"x-amzn-errortype": "ServiceUnavailableException"}, {"message": "oops"}),
]


@pytest.mark.parametrize(("kind", "status", "headers", "body"), PASSING)
def test_a_failure_that_passes_is_met_with_another_attempt(
    kind: str, status: int, headers: dict[str, str], body: object, build: Callable[..., LanguageModel]
) -> None:
    with model_server(kind, (status, headers, body), (status, headers, body), (200, {}, GOOD[kind])) as server:
        assert build(kind, server.url).complete(TALK, timeout_s=30).text == "hello"
    assert len(server.asked) == 3


FINAL: list[tuple[str, int, dict[str, str], Any, str, int]] = [
    ("openai", 401, {}, {"error": {"message": f"Incorrect API key provided: {KEY}"}}, "model_denied", 1),
    ("openai", 403, {}, {}, "model_denied", 1),
    ("openai", 429, {}, {"error": {"message": "pay", "code": "insufficient_quota"}}, "model_denied", 1),
    ("openai", 429, {}, {}, "model_rate_limited", 8),
    ("openai", 429, {"retry-after": "3600"}, {}, "model_rate_limited", 1),
    ("openai", 502, {}, {}, "model_unreachable", 8),
    ("openai", 400, {}, {"error": {"message": f"too long, says {KEY} at https://in.side/x"}}, "model_bad_answer", 1),
    ("openai", 302, {"location": "http://127.0.0.1:1/"}, {}, "model_bad_answer", 1),
    ("openai", 200, {}, b"<html>", "model_bad_answer", 1),
    ("openai", 200, {}, {"choices": []}, "model_bad_answer", 1),
    ("openai", 200, {}, [1], "model_bad_answer", 1),
    ("openai", 200, {}, openai_answer([1]), "model_bad_answer", 1),  # type: ignore[arg-type]
    ("openai", 200, {}, b" " * (9 * 1_048_576), "model_bad_answer", 1),
    ("bedrock", 403, {"x-amzn-errortype": "AccessDeniedException"}, {"message": KEY}, "model_denied", 1),
    ("bedrock", 429, {"x-amzn-errortype": "ThrottlingException"}, {"message": "slow"}, "model_rate_limited", 8),
    ("bedrock", 503, {"x-amzn-errortype": "ServiceUnavailableException"}, {}, "model_unreachable", 8),
    ("bedrock", 400, {"x-amzn-errortype": "ValidationException"}, {"message": f"long {KEY}"}, "model_bad_answer", 1),
    ("bedrock", 404, {"x-amzn-errortype": "ResourceNotFoundException"}, {"message": "who"}, "model_bad_answer", 1),
    ("bedrock", 200, {}, {}, "model_bad_answer", 1),
]


@pytest.mark.parametrize(("kind", "status", "headers", "body", "code", "attempts"), FINAL)
def test_a_failure_has_its_code_and_no_key_in_its_words(  # noqa: PLR0917
    kind: str,
    status: int,
    headers: dict[str, str],
    body: object,
    code: str,
    attempts: int,
    build: Callable[..., LanguageModel],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with model_server(kind, (status, headers, body)) as server, pytest.raises(CodingAgentError) as failed:
        build(kind, server.url).complete(TALK, timeout_s=30)
    assert (failed.value.code, len(server.asked)) == (code, attempts)
    for text in (failed.value.message, caplog.text):
        assert KEY not in text
        assert "in.side" not in text
    assert "\n" not in failed.value.message


@pytest.mark.parametrize("kind", GOOD)
def test_a_silent_model_is_given_up_when_the_time_is_over(kind: str, build: Callable[..., LanguageModel]) -> None:
    began = time.monotonic()
    with model_server(kind, (200, {}, GOOD[kind]), delay_s=1.5) as server, pytest.raises(CodingAgentError) as failed:
        build(kind, server.url).complete(TALK, timeout_s=0.5)
    assert failed.value.code == "model_timed_out"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("kind", GOOD)
def test_the_setting_bounds_the_time_as_well(kind: str, build: Callable[..., LanguageModel]) -> None:
    with model_server(kind, (200, {}, GOOD[kind]), delay_s=1.5) as server, pytest.raises(CodingAgentError) as failed:
        build(kind, server.url, model_timeout_s=0.5).complete(TALK, timeout_s=60)
    assert failed.value.code == "model_timed_out"


@pytest.mark.parametrize("kind", GOOD)
def test_a_server_that_is_not_there_is_unreachable(kind: str, build: Callable[..., LanguageModel]) -> None:
    with model_server(kind, (200, {}, {})) as gone:
        pass
    with pytest.raises(CodingAgentError) as failed:
        build(kind, gone.url).complete(TALK, timeout_s=30)
    assert failed.value.code == "model_unreachable"


def test_bedrock_without_credentials_says_so(
    build: Callable[..., LanguageModel], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(CodingAgentError, match="no AWS credentials") as failed:
        build("bedrock", "http://127.0.0.1:9").complete(TALK, timeout_s=5)
    assert failed.value.code == "model_denied"


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -1, "completion_tokens": True}])
def test_tokens_that_nobody_counted_are_estimated(usage: object, build: Callable[..., LanguageModel]) -> None:
    with model_server("openai", (200, {}, openai_answer("x" * 400, usage=usage))) as server:
        completion = build("openai", server.url).complete([ChatMessage("user", "y" * 4000)], timeout_s=30)
    assert (completion.input_tokens, completion.output_tokens) == (1000, 100)


def test_an_answer_without_text_is_empty(build: Callable[..., LanguageModel]) -> None:
    with model_server("openai", (200, {}, openai_answer(None))) as server:
        assert build("openai", server.url).complete(TALK, timeout_s=30).text == ""


def test_waits_double_and_honour_what_the_provider_asks_for() -> None:
    now, waits = 0.0, []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        waits.append(round(seconds, 3))

    def ask(left_s: float) -> Completion:
        assert left_s == pytest.approx(100 - now)
        raise PassingModelError("model_rate_limited", "slow", 7.0 if len(waits) == 1 else None)

    with pytest.raises(PassingModelError):
        repeated(ask, 100, sleep=sleep, clock=lambda: now, jitter=lambda: 1.0)
    assert waits == [0.001, 7.002, 0.004, 0.008, 0.016, 0.032, 0.064]


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    assert retry_after_seconds("12") == 12
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 55 < (retry_after_seconds(later) or 0) <= 60
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert [retry_after_seconds(value) for value in (None, "", "soon", "-3", "١")] == [None] * 5


def test_words_of_a_provider_hide_keys_addresses_and_accounts() -> None:
    said = f"no {KEY}\n Bearer abc123 at https://host/x arn:aws:iam::{'1' * 12}:role \x1b[31m custom-secret"
    assert without_secrets(said, "custom-secret") == "no *** Bearer *** at *** arn:aws:iam::***:role [31m ***"
    assert len(without_secrets("x" * 500)) == 200


def script(tmp_path: Path, *lines: object) -> Settings:
    path = tmp_path / "script.jsonl"
    path.write_text("\n\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return settings_of(model="scripted", model_script=path, model_input_usd=1.0, model_output_usd=1.0)


def test_scripts_are_chosen_by_the_issue_and_solve_it(tmp_path: Path) -> None:
    settings = script(
        tmp_path,
        *({"when": f"Bug {n}!", "answers": [bash(f"echo {n} > fix"), "no block", SUBMIT]} for n in range(20)),
        {"answers": [bash("echo other > fix"), SUBMIT]},
    )
    model = build_model(settings)
    for n in (*range(20), "other"):
        work_tree = tmp_path / str(n)
        work_tree.mkdir()
        task = assignment(IssueText(title=f"Bug {n}!", body="b"))
        solution = solve(task, FolderSandbox(work_tree), model, MemorySink(), Stop(), redact=lambda text: text)
        assert solution.exit_status is ExitStatus.SUBMITTED
        assert (work_tree / "fix").read_text() == f"{n}\n"
        assert 0 < solution.cost_usd < 0.1


def test_a_script_that_has_run_out_is_a_failing_model(tmp_path: Path) -> None:
    model = build_model(script(tmp_path, {"when": "It breaks", "answers": [bash("ls")]}))
    solution = solve(assignment(), FolderSandbox(tmp_path), model, MemorySink(), Stop(), redact=lambda text: text)
    assert (solution.exit_status, solution.steps) == (ExitStatus.MODEL_FAILED, 1)
    assert "no answer after 1" in solution.detail
    with pytest.raises(CodingAgentError, match="No script"):
        model.complete([ChatMessage("user", "another")], timeout_s=1)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "{}",
        '{"answers": "ls"}',
        '{"answers": [1]}',
        '{"when": 1, "answers": []}',
        '{"answers": [], "x": 1}',
        "",
    ],
)
def test_a_script_of_another_form_is_refused_with_its_place(line: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"CODING_AGENT_MODEL_SCRIPT: .*script\.jsonl"):
        build_model(script(tmp_path, line))


def test_settings_that_name_no_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="CODING_AGENT_MODEL_SCRIPT"):
        build_model(settings_of(model="scripted"))
    with pytest.raises(ValueError, match="CODING_AGENT_MODEL_SCRIPT"):
        build_model(settings_of(model="scripted", model_script=tmp_path / "none"))
    for url in ("ftp://host/v1", "host/v1", "", "http://"):
        with pytest.raises(ValueError, match="CODING_AGENT_MODEL_URL"):
            build_model(settings_of(model="openai", model_url=url))


def test_a_model_without_prices_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    build_model(settings_of(model="openai", model_key=KEY))
    assert "no cost limit ends a job" in caplog.text
    assert KEY not in caplog.text


def test_the_fakes_refuse_what_is_not_documented() -> None:
    import httpx

    bodies = {
        "openai": ("/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "a"}], "extra": 1}),
        "bedrock": ("/model/m/converse", {"messages": [{"role": "user", "content": [{"text": ""}]}]}),
    }
    for kind, (path, body) in bodies.items():
        state: ModelServer
        with model_server(kind, (200, {}, GOOD[kind])) as state:
            assert httpx.post(f"{state.url}{path}", json=body, trust_env=False).status_code == 400
            assert len(state.refused) == 1
            state.refused.clear()
