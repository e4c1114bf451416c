"""Answers that a language model writes, over HTTP, from a server that speaks as the provider does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.event_streams import ask_streaming, read_events, streaming
from tests.contract.test_query_validation import assert_problem
from tests.local_processes import serve_backend, wait_until
from tests.model_servers import Received, Reply, ScriptedModelServer

Json = dict[str, Any]

EMPLOYEES = "How many employees does Orquenna have in fiscal 2024?"
REVENUE = "What was Orquenna's revenue in fiscal 2024?"
WROTE = Reply(pieces=("Orquenna had 2,475 ", "employees at December 31, 2024 [1", "]."))
TIMEOUT_S = 3


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModelServer]:
    with ScriptedModelServer() as started:
        yield started


@pytest.fixture(scope="module", params=["openai", "bedrock"])
def client(
    request: pytest.FixtureRequest,
    model: ScriptedModelServer,
    sample_store: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[httpx.Client]:
    settings = {
        "FINRAG_MODEL": request.param,
        "OPENAI_BASE_URL": model.openai_url,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": model.url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "FINRAG_MODEL_TIMEOUT_S": str(TIMEOUT_S),
        "FINRAG_ANSWER_CACHE_MB": "0",
    }
    folder = tmp_path_factory.mktemp(request.param)
    with (
        serve_backend(str(sample_store), folder, **settings) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=30) as opened,
    ):
        yield opened


def test_catalog_offers_the_models_with_their_prices(client: httpx.Client, request: pytest.FixtureRequest) -> None:
    provider = request.node.callspec.params["client"]
    models = {model["key"]: model for model in client.get("/catalog").raise_for_status().json()["models"]}
    default = "development" if provider == "openai" else "production_balanced"
    assert [key for key, model in models.items() if model["is_default"]] == [default]
    assert models["extractive"]["input_price"] == 0
    assert (models[default]["input_price"], models[default]["output_price"]) == (0.10, 0.50)


@pytest.fixture(autouse=True)
def ordinary(model: ScriptedModelServer) -> None:
    model.script(WROTE)
    model.requests.clear()


def ask(client: httpx.Client, question: str, **fields: object) -> Json:
    body: Json = client.post("/query", json={"question": question, **fields}).raise_for_status().json()
    return body


def test_answer_is_in_the_models_words_with_its_cost(client: httpx.Client) -> None:
    response = ask(client, EMPLOYEES)
    assert response["answer"] == "Orquenna had 2,475 employees at December 31, 2024 [1]."
    assert (response["status"], response["flags"]) == ("answered", [])
    llm = response["metadata"]["llm"]
    assert llm["model_key"] in {"development", "production_balanced"}
    assert (llm["input_tokens"], llm["output_tokens"], llm["stop_reason"]) == (120, 7, "end_turn")
    assert llm["cost"] > 0
    assert {"writing", "first_token"} <= response["metadata"]["timings_ms"].keys()
    [cited] = [citation for citation in response["citations"] if citation["cited"]]
    assert any("2,475 employees" in cited["text"][start:end] for start, end in cited["highlights"])


def test_model_is_given_passages_numbers_and_the_question_last(
    client: httpx.Client, model: ScriptedModelServer
) -> None:
    ask(client, REVENUE)
    [request] = model.requests
    assert "do no arithmetic" in request.system
    assert request.asked.index("<numbers>") < request.asked.index('<passage n="1"') < request.asked.index("<question>")
    assert "$649.317 million" in request.asked
    assert request.asked.rstrip().endswith("</question>")


def test_words_stream_with_whole_marks(client: httpx.Client) -> None:
    events = ask_streaming(client, EMPLOYEES)
    tokens = [event.data["text"] for event in events if event.name == "token"]
    assert len(tokens) > 1
    assert "".join(tokens) == events[-1].data["answer"]


def test_citations_that_do_not_resolve_are_removed(client: httpx.Client, model: ScriptedModelServer) -> None:
    model.script(Reply(pieces=("Orquenna had 2,475 employees [1, 77] at December 31, 2024 【1†x】[99].",)))
    answer = ask(client, EMPLOYEES)["answer"]
    assert set(re.findall(r"\[(\d+)\]", answer)) == {"1"}
    assert "77" not in answer
    assert "99" not in answer


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [
        ("Revenue was $694.317 million in fiscal 2024 [1].", "$694.317 million"),
        ("Revenue was $649.317 billion in fiscal 2024 [1].", "$649.317 billion"),
        ("Revenue was $649.317 million in fiscal 2024, 12.5% more than before [1].", "12.5%"),
    ],
)
def test_number_that_stands_nowhere_is_flagged(
    client: httpx.Client, model: ScriptedModelServer, sentence: str, wrong: str
) -> None:
    model.script(Reply(pieces=(sentence,)))
    response = ask(client, REVENUE)
    flags = [flag for flag in response["flags"] if flag["kind"] == "number"]
    assert any(flag["text"] in wrong or wrong in flag["text"] for flag in flags), response["flags"]
    for flag in flags:
        assert response["answer"][flag["start"] : flag["end"]] == flag["text"]


def test_number_of_the_filer_is_not_flagged(client: httpx.Client, model: ScriptedModelServer) -> None:
    model.script(Reply(pieces=("Orquenna's revenue was $649.3 million in fiscal 2024 [1].",)))
    response = ask(client, REVENUE)
    assert [flag for flag in response["flags"] if flag["kind"] == "number"] == []
    assert response["facts"][0]["value"] == 649_317_000


def test_sentence_without_a_source_is_flagged(client: httpx.Client, model: ScriptedModelServer) -> None:
    model.script(
        Reply(pieces=("Orquenna had 2,475 employees at December 31, 2024 [1]. Morale among them was excellent.",))
    )
    [flag] = ask(client, EMPLOYEES)["flags"]
    assert (flag["kind"], flag["text"]) == ("unsupported", "Morale among them was excellent.")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500, error="internal", message="out of order"),
        Reply(status=429, error="ThrottlingException", message="slow down", headers={"Retry-After": "60"}),
        Reply(status=403, error="AccessDeniedException", message="no"),
        Reply(pieces=("Orquenna had ",), ending="cut"),
        Reply(pieces=("Orquenna had ",), ending="error", error="modelStreamErrorException"),
        Reply(pieces=("Orquenna had ",), ending="garbage"),
        Reply(first_after_s=TIMEOUT_S + 1.5),
        Reply(stop="refusal"),
    ],
    ids=["out of order", "throttled", "refused", "cut", "error", "garbage", "slow", "declined"],
)
def test_filings_are_quoted_when_the_model_fails(
    client: httpx.Client, model: ScriptedModelServer, reply: Reply
) -> None:
    model.script(reply)
    events = ask_streaming(client, EMPLOYEES)
    response = events[-1].data
    assert events[-1].name == "done"
    assert response["status"] == "answered"
    assert "We had 2,475 employees at December 31, 2024" in response["answer"]
    assert response["metadata"]["llm"]["fallback"]
    assert response["metadata"]["llm"]["fallback"] in response["answer"]
    assert any("quotes the filings instead" in note for note in response["resolved"]["notes"])
    model.script(WROTE)
    wait_until(lambda: not ask(client, EMPLOYEES)["metadata"]["llm"]["fallback"], "the model is asked again", 60)


def test_words_of_the_provider_are_no_part_of_the_answer(client: httpx.Client, model: ScriptedModelServer) -> None:
    plain = ask(client, EMPLOYEES, model_key="extractive")
    said = "messages[1].content: see [2] <b>x</b> **y**, check http://10.0.0.5"
    model.script(Reply(status=400, error="ValidationException", message=said))
    response = ask(client, EMPLOYEES)
    note = "The language model refused the request. The answer quotes the filings instead."
    assert response["answer"] == f"{plain['answer']}\n\nNote: {note}"
    assert response["resolved"]["notes"] == [*plain["resolved"]["notes"], note]
    assert "FINRAG" not in str(response)


def test_answer_at_the_length_limit_ends_with_a_whole_sentence(
    client: httpx.Client, model: ScriptedModelServer
) -> None:
    model.script(Reply(pieces=("Orquenna had 2,475 employees [1]. Of these, ab",), stop="max_tokens"))
    response = ask(client, EMPLOYEES)
    assert response["answer"] == "Orquenna had 2,475 employees [1]."
    assert any("cut short" in note for note in response["resolved"]["notes"])
    assert response["metadata"]["llm"]["stop_reason"] == "max_tokens"


def test_model_is_not_asked_what_the_filings_do_not_hold(client: httpx.Client, model: ScriptedModelServer) -> None:
    assert ask(client, "What was Apple's revenue in fiscal 2023?")["status"] == "abstained"
    assert model.requests == []


def test_abstention_of_the_model_is_kept(client: httpx.Client, model: ScriptedModelServer) -> None:
    model.script(Reply(pieces=("NOT_IN", "_FILINGS")))
    response = ask(client, EMPLOYEES)
    assert response["status"] == "abstained"
    assert "NOT_IN_FILINGS" not in response["answer"]
    assert response["metadata"]["llm"]["cost"] > 0


def test_extractive_answer_can_be_asked_for(client: httpx.Client, model: ScriptedModelServer) -> None:
    response = ask(client, EMPLOYEES, model_key="extractive")
    assert response["metadata"]["llm"]["model_id"] == "extractive"
    assert model.requests == []


def test_model_that_is_not_offered_is_refused_with_those_that_are(client: httpx.Client) -> None:
    problem = assert_problem(client.post("/query", json={"question": EMPLOYEES, "model_key": "gpt-99"}), 422)
    assert "extractive" in problem["detail"]


def test_generation_ends_when_the_reader_of_a_stream_goes(client: httpx.Client, model: ScriptedModelServer) -> None:
    model.script(Reply(pieces=("Orquenna ", "had ") * 40, next_after_s=0.1))
    left = model.disconnects
    with streaming(client, EMPLOYEES) as response:
        for event in read_events(response):
            if event.name == "token":
                break
    wait_until(lambda: model.disconnects > left, "the model's connection is closed", 10)


def test_generation_ends_when_the_caller_goes(client: httpx.Client, model: ScriptedModelServer) -> None:
    model.script(Reply(pieces=("Orquenna ", "had ") * 40, next_after_s=0.1))
    left = model.disconnects
    with (
        httpx.Client(base_url=client.base_url, trust_env=False, timeout=1.0) as hasty,
        pytest.raises(httpx.ReadTimeout),
    ):
        hasty.post("/query", json={"question": EMPLOYEES})
    wait_until(lambda: model.disconnects > left, "the model's connection is closed", 10)


@pytest.mark.parametrize("first_after_s", [0.0, TIMEOUT_S - 0.5], ids=["between words", "before the first"])
def test_silent_generation_ends_when_its_reader_goes(
    request: pytest.FixtureRequest, client: httpx.Client, model: ScriptedModelServer, first_after_s: float
) -> None:
    model.script(Reply(pieces=("Orquenna ", "had "), ending="stall", first_after_s=first_after_s))
    open_before = model.open_connections
    with streaming(client, EMPLOYEES) as response:
        for event in read_events(response):
            if event.name == ("sources" if first_after_s else "token"):
                break
    # A request to Bedrock can be ended once its headers are there, and they come with the first word.
    headers_s = first_after_s if request.node.callspec.params["client"] == "bedrock" else 0
    wait_until(
        lambda: model.open_connections <= open_before, "the model's connection is closed", headers_s + TIMEOUT_S - 0.6
    )


def test_calculation_is_shown_below_the_models_words(client: httpx.Client, model: ScriptedModelServer) -> None:
    def reply(request: Received) -> Reply:
        assert "calculated for Orquenna" in request.asked
        return Reply(pieces=("Revenue grew from fiscal 2023 to fiscal 2024 [1].",))

    model.answer(reply)
    response = ask(client, "How fast did Orquenna's revenue grow in fiscal 2024?")
    assert response["answer"].startswith("Revenue grew from fiscal 2023 to fiscal 2024 [1].")
    assert "How it was calculated" in response["answer"]
    assert response["calculations"]
