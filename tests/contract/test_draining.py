"""A back end that is told to stop: answers under way are finished, who comes is told so, and it ends in time."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import httpx

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.contract.conftest import EMPLOYEES
from tests.contract.event_streams import read_events, streaming
from tests.contract.hasty_backend import GRACE_S
from tests.contract.test_query_validation import assert_problem
from tests.local_processes import Server, serve_backend, wait_until
from tests.logged_queries import logged_rows
from tests.model_servers import Reply, ScriptedModelServer
from tests.sample_index import linked_store

HASTY = "tests.contract.hasty_backend:app"
ENDED_BY_SIGTERM = (0, -signal.SIGTERM)


def get(server: Server, path: str) -> httpx.Response:
    return httpx.get(server.url + path, trust_env=False, timeout=5)


def test_answer_under_way_is_finished_and_who_comes_meanwhile_is_refused(sample_store: Path, tmp_path: Path) -> None:
    store = linked_store(sample_store, tmp_path / "store")
    with ScriptedModelServer() as model:
        model.script(Reply(pieces=("Revenue ", "rose ", "[1]."), next_after_s=0.5))
        with (
            serve_backend(str(store), tmp_path, FINRAG_MODEL="openai", OPENAI_BASE_URL=model.openai_url) as server,
            httpx.Client(base_url=server.url, trust_env=False, timeout=10) as client,
            streaming(client, EMPLOYEES) as response,
        ):
            events = read_events(response)
            assert any(event.name == "token" for event in events)
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: get(server, "/readyz").status_code == 503, "not ready any more", timeout_s=0.5)
            body = {"question": EMPLOYEES}
            problem = assert_problem(httpx.post(f"{server.url}/query", json=body, trust_env=False), 503)
            assert "shutting down" in problem["detail"]
            assert get(server, "/livez").is_success
            *_, last = events
            assert last.name == "done"
            assert "rose" in last.data["answer"]
            server.process.wait(timeout=5)
            assert server.process.returncode in ENDED_BY_SIGTERM
    assert [row["status"] for row in logged_rows(LocalFolderStore(store))] == ["answered"]


def test_answer_that_is_not_whole_when_the_grace_is_over_ends_with_an_error(sample_store: Path, tmp_path: Path) -> None:
    store = linked_store(sample_store, tmp_path / "store")
    with ScriptedModelServer() as model:
        model.script(Reply(pieces=("Revenue ", "rose "), ending="stall"))
        with (
            serve_backend(
                str(store), tmp_path, app=HASTY, FINRAG_MODEL="openai", OPENAI_BASE_URL=model.openai_url
            ) as server,
            httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client,
            streaming(client, EMPLOYEES) as response,
        ):
            events = read_events(response)
            assert any(event.name == "token" for event in events)
            started = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            *_, last = events
            assert time.monotonic() - started >= GRACE_S
            assert last.name == "error"
            assert last.data["status"] == 503
            assert "shutting down" in last.data["detail"]
            server.process.wait(timeout=5)
            assert server.process.returncode in ENDED_BY_SIGTERM
            assert "Traceback" not in server.output
    assert [row["status"] for row in logged_rows(LocalFolderStore(store))] == ["failed"]


def test_second_signal_ends_the_wait(sample_store: Path, tmp_path: Path) -> None:
    with ScriptedModelServer() as model:
        model.script(Reply(pieces=("Revenue ", "rose "), ending="stall"))
        with (
            serve_backend(
                str(sample_store), tmp_path, FINRAG_MODEL="openai", OPENAI_BASE_URL=model.openai_url
            ) as server,
            httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client,
            streaming(client, EMPLOYEES) as response,
        ):
            events = read_events(response)
            assert any(event.name == "token" for event in events)
            server.process.send_signal(signal.SIGINT)
            wait_until(lambda: get(server, "/readyz").status_code == 503, "the first is known")
            server.process.send_signal(signal.SIGINT)
            wait_until(lambda: "Shutting down" in server.output, "the server has heard", timeout_s=1)
