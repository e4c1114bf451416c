"""`POST /query/stream` sends steps, scope, sources, words and the whole response, in this order, and ends cleanly."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from serving.backend.engine import WRITERS
from tests.contract.conftest import EMPLOYEES
from tests.contract.event_streams import SentEvent, ask_streaming, read_events, streaming
from tests.contract.test_query_response import QUESTIONS
from tests.contract.test_query_validation import assert_problem
from tests.local_processes import serve_backend
from tests.model_servers import Reply, ScriptedModelServer

ORDER = re.compile(r"(?:status )+resolved sources (?:token )*(?:done|error) ")
UNCOVERED = "What was Apple's revenue in fiscal 2023?"


def names(events: list[SentEvent]) -> str:
    return "".join(f"{event.name} " for event in events)


@pytest.mark.parametrize("question", [*QUESTIONS, UNCOVERED])
def test_events_come_in_the_order_of_the_contract(client: httpx.Client, question: str) -> None:
    assert ORDER.fullmatch(names(ask_streaming(client, question)))


@pytest.mark.parametrize("question", [*QUESTIONS, UNCOVERED])
def test_tokens_are_the_answer_and_done_is_the_whole_response(client: httpx.Client, question: str) -> None:
    events = ask_streaming(client, question)
    done = events[-1].data
    assert "".join(event.data["text"] for event in events if event.name == "token") == done["answer"]
    whole = client.post("/query", json={"question": question}).raise_for_status().json()
    changing = ("request_id", "metadata")
    assert {name: value for name, value in done.items() if name not in changing} == {
        name: value for name, value in whole.items() if name not in changing
    }


def test_steps_name_what_was_done_and_how_long_it_took(client: httpx.Client) -> None:
    steps = [event.data for event in ask_streaming(client, f"{EMPLOYEES} Please.") if event.name == "status"]
    assert [step["stage"] for step in steps][:2] == ["received", "understanding"]
    assert all(step["ms"] >= 0 for step in steps)


def test_sources_are_those_of_the_answer(client: httpx.Client) -> None:
    events = ask_streaming(client, EMPLOYEES)
    [sources] = [event.data for event in events if event.name == "sources"]
    assert set(sources) == {"citations", "facts", "calculations"}
    assert sources["citations"] == events[-1].data["citations"]
    [resolved] = [event.data for event in events if event.name == "resolved"]
    assert resolved == events[-1].data["resolved"]


def test_stream_is_not_buffered_by_proxies_and_carries_the_request_id(client: httpx.Client) -> None:
    with streaming(client, EMPLOYEES) as response:
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        [*_, done] = read_events(response)
        assert done.data["request_id"] == response.headers["x-request-id"]


def test_wrong_request_is_refused_with_a_status(client: httpx.Client) -> None:
    assert_problem(client.post("/query/stream", json={"question": "x"}), 422)
    assert_problem(client.post("/query/stream", json={"question": EMPLOYEES, "model_key": "production_balanced"}), 422)


def test_stream_without_an_index_is_refused_with_a_status(tmp_path: Path) -> None:
    with serve_backend(str(tmp_path / "empty"), tmp_path / "backend", awaiting="/livez") as server:
        response = httpx.post(f"{server.url}/query/stream", json={"question": EMPLOYEES}, trust_env=False)
        assert_problem(response, 503)


def test_silent_stream_is_kept_alive(sample_store: Path, tmp_path: Path) -> None:
    """Proxies cut a connection that is silent for long: a comment is sent every 15 seconds."""
    with ScriptedModelServer() as model:
        model.script(Reply(first_after_s=16.5))
        with (
            serve_backend(
                str(sample_store), tmp_path, FINRAG_MODEL="openai", OPENAI_BASE_URL=model.openai_url
            ) as server,
            httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client,
        ):
            sent = names(ask_streaming(client, EMPLOYEES))
    assert " sources  token " in sent
    assert sent.endswith("done ")


def test_models_that_are_waited_for_are_in_nobodys_way(sample_store: Path, tmp_path: Path) -> None:
    """As many models as may write stand still: whoever asks next is answered from the filings, and told why."""
    with ScriptedModelServer() as model, ExitStack() as streams:
        model.script(Reply(pieces=("Revenue ", "rose "), ending="stall"))
        server = streams.enter_context(
            serve_backend(
                str(sample_store),
                tmp_path,
                FINRAG_MODEL="openai",
                OPENAI_BASE_URL=model.openai_url,
                FINRAG_ANSWER_CACHE_MB="0",
            )
        )
        limits = httpx.Limits(max_connections=None)
        client = streams.enter_context(httpx.Client(base_url=server.url, trust_env=False, timeout=30, limits=limits))
        opened = []  # kept: one that is let go closes its connection
        for _ in range(WRITERS):
            opened.append(read_events(streams.enter_context(streaming(client, EMPLOYEES))))
            assert any(event.name == "token" for event in opened[-1])
        assert client.get("/catalog").status_code == httpx.codes.OK
        response = client.post("/query", json={"question": EMPLOYEES}).raise_for_status().json()
        assert "2,475 employees" in response["answer"]
        assert "as possible are being written" in response["metadata"]["llm"]["fallback"]
        assert len(model.requests) == WRITERS


def test_stream_over_the_waiting_limit_is_refused_with_a_status(client: httpx.Client) -> None:
    asked = [f"{question} Please, {number}." for number in range(12) for question in QUESTIONS]
    with ThreadPoolExecutor(len(asked)) as pool:

        def ask(question: str) -> tuple[int, str]:
            with streaming(client, question) as response:
                return response.status_code, list(read_events(response))[-1].name if response.is_success else ""

        answers = set(pool.map(ask, asked))
    assert answers <= {(200, "done"), (429, "")}
    assert (429, "") in answers
