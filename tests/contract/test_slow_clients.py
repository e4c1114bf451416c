"""Clients that stop half-way hold nothing: not a place, not a writer, not the process; tried over sockets."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.conftest import EMPLOYEES
from tests.contract.hasty_backend import BODY_S
from tests.local_processes import Server, serve_backend, wait_until
from tests.model_servers import Reply, ScriptedModelServer
from tests.raw_connections import connected, query_bytes, read_response

HASTY = "tests.contract.hasty_backend:app"
HALF_OPEN = 200


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModelServer]:
    with ScriptedModelServer() as model:
        yield model


@pytest.fixture(scope="module")
def server(
    sample_store: Path, tmp_path_factory: pytest.TempPathFactory, model: ScriptedModelServer
) -> Iterator[Server]:
    with serve_backend(
        str(sample_store),
        tmp_path_factory.mktemp("hasty"),
        app=HASTY,
        FINRAG_MODEL="openai",
        OPENAI_BASE_URL=model.openai_url,
        FINRAG_ANSWER_CACHE_MB="0",
        FINRAG_QUERY_TIMEOUT_S="2",
    ) as server:
        yield server


def ask(server: Server) -> httpx.Response:
    body = {"question": EMPLOYEES, "model_key": "extractive"}
    return httpx.post(f"{server.url}/query", json=body, trust_env=False, timeout=10)


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"", id="nothing sent"),
        pytest.param(b"POST /query HTTP/1.1\r\nHos", id="half a head"),
        pytest.param(query_bytes("/query", question=EMPLOYEES)[:-5], id="half a body"),
    ],
)
def test_half_open_connections_keep_nobody_out(server: Server, begun: bytes) -> None:
    with connected(server.url, HALF_OPEN) as connections:
        for connection in connections:
            connection.sendall(begun)
        assert ask(server).json()["status"] == "answered"
        assert httpx.get(f"{server.url}/livez", trust_env=False, timeout=1).is_success


def test_head_that_comes_byte_by_byte_keeps_nobody_out(server: Server) -> None:
    with connected(server.url, HALF_OPEN) as connections:
        for byte in query_bytes("/query", question=EMPLOYEES)[:12]:
            for connection in connections:
                connection.send(bytes((byte,)))
        assert ask(server).json()["status"] == "answered"


def test_body_that_does_not_arrive_is_refused_with_408_and_the_connection_closed(server: Server) -> None:
    with connected(server.url, 1) as [connection]:
        started = time.monotonic()
        connection.sendall(query_bytes("/query", question=EMPLOYEES)[:-5])
        response = read_response(connection)
        assert BODY_S <= time.monotonic() - started < 5
    assert response.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in response
    assert b"connection: close" in response.lower()
    assert b"send it again" in response


def test_question_whose_time_is_up_is_given_up(server: Server, model: ScriptedModelServer) -> None:
    model.script(Reply(pieces=("Revenue ",), ending="stall"))
    refused = httpx.post(f"{server.url}/query", json={"question": EMPLOYEES}, trust_env=False, timeout=10)
    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "FINRAG_QUERY_TIMEOUT_S" in refused.json()["detail"]
    wait_until(lambda: model.open_connections == 0, "the model is not waited for any more")


def test_clients_that_stopped_half_way_do_not_keep_the_server_from_ending(server: Server) -> None:
    """The last of this module: it ends the server."""
    with connected(server.url, 20) as silent, connected(server.url, 20) as half_sent:
        for connection in silent[:10]:
            connection.sendall(b"POST /query HTT")
        for connection in half_sent:
            connection.sendall(query_bytes("/query", question=EMPLOYEES)[:-5])
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=5)
        assert "Traceback" not in server.output
