"""Each query leaves one row in the store's log: after 100, after a while, and at the end of the server."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest

from finrag_ml_tg1.answering.models.language_model import Cancellation, LanguageModel
from finrag_ml_tg1.events import Result
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.pipeline import FinRAG, Permit
from finrag_ml_tg1.scope import Question
from serving.backend import bookkeeping
from serving.backend.query_log import QueryLog
from tests.contract.conftest import EMPLOYEES
from tests.contract.served_stores import ServedStore
from tests.local_processes import Server, serve_backend, wait_until
from tests.logged_queries import logged_files, logged_rows
from tests.sample_index import linked_store
from tests.served_here import served_here

REVENUE = "What was the revenue of Tarrendray in fiscal 2024?"
APPLE = "What was Apple's revenue in fiscal 2023?"


def ask(server: Server, question: str = EMPLOYEES, count: int = 1) -> list[str]:
    """Ask a question `count` times; return the request ids."""
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        responses = [client.post("/query", json={"question": question}) for _ in range(count)]
    return [response.raise_for_status().json()["request_id"] for response in responses]


def test_rows_are_in_the_store_when_the_server_has_ended(served_store: ServedStore, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with serve_backend(served_store.url, tmp_path / "backend", access=served_store.access) as server:
        asked = [ask(server, question)[0] for question in (EMPLOYEES, REVENUE, APPLE)]
        httpx.post(f"{server.url}/query", json={"question": "?"}, trust_env=False)
        assert list(served_store.store.list("logs/")) == []
    rows = {row["request_id"]: row for row in logged_rows(served_store.store)}
    assert list(rows) == asked, "refused requests are not logged"

    employees, revenue, apple = rows.values()
    assert [row["status"] for row in rows.values()] == ["answered", "answered", "abstained"]
    assert (employees["ciks"], employees["fiscal_years"], employees["question_chars"]) == (
        [9990000001],
        [2024],
        len(EMPLOYEES),
    )
    assert (revenue["ciks"], revenue["metrics"]) == ([9990000002], ["revenue"])
    assert apple["ciks"] == []
    for row in rows.values():
        assert before <= row["timestamp"] <= datetime.now(UTC)
        assert (row["model_id"], row["input_tokens"], row["output_tokens"], row["cost_usd"]) == ("extractive", 0, 0, 0)
        assert row["index_version"]
        assert "understanding" in [stage["stage"] for stage in row["timings_ms"]]
        assert row["total_ms"] >= sum(stage["ms"] for stage in row["timings_ms"]) - 1
        assert (row["is_cached"], row["is_fallback"], row["flags"]) == (False, False, [])
    folders = {key.split("/")[2] for key in logged_files(served_store.store)}
    assert folders == {f"dt={row['timestamp'].date().isoformat()}" for row in rows.values()}


def test_words_of_question_and_answer_are_not_written_anywhere(sample_store: Path, tmp_path: Path) -> None:
    folder = linked_store(sample_store, tmp_path / "store")
    with serve_backend(str(folder), tmp_path / "backend", LOG_LEVEL="debug") as server:
        (request_id,) = ask(server)
        printed = server.output
    entries = [json.loads(line) for line in printed.splitlines()]
    told = {entry["logger"] for entry in entries if entry["level"] == "DEBUG" and entry.get("request_id") == request_id}
    assert told >= {
        "serving.backend.engine",
        "serving.backend.answerer",
        "finrag_ml_tg1.understanding.decisions",
        "finrag_ml_tg1.index.open_parts",
        "finrag_ml_tg1.retrieval.search",
        "finrag_ml_tg1.answering.extractive",
        "finrag_ml_tg1.from_filings",
    }
    assert all(
        entry["logger"].startswith(("finrag_ml_tg1", "serving")) for entry in entries if entry["level"] == "DEBUG"
    )
    [row] = logged_rows(LocalFolderStore(folder))
    assert (row["question"], row["answer"]) == (None, None)
    assert "How many employees" not in printed + str(row)
    assert "2,475" not in printed + str(row)


def test_words_of_question_and_answer_are_written_when_they_are_asked_for(sample_store: Path, tmp_path: Path) -> None:
    folder = linked_store(sample_store, tmp_path / "store")
    with serve_backend(str(folder), tmp_path / "backend", FINRAG_LOG_PROMPTS="true", LOG_LEVEL="debug") as server:
        ask(server)
        assert f"asked: {EMPLOYEES}" in server.output
    [row] = logged_rows(LocalFolderStore(folder))
    assert row["question"] == EMPLOYEES
    assert "2,475 employees" in row["answer"]


def test_killed_server_leaves_what_is_not_written_to_the_next(served_store: ServedStore, tmp_path: Path) -> None:
    with serve_backend(served_store.url, tmp_path / "backend", access=served_store.access) as server:
        asked = ask(server, APPLE, count=130)
        wait_until(lambda: list(served_store.store.list("logs/")) != [], "a hundred rows are written")
        server.process.kill()
        server.process.wait()
    [(key, rows)] = logged_files(served_store.store).items()
    assert key.startswith("logs/queries/dt=")
    assert [row["request_id"] for row in rows] == asked[:100]
    with serve_backend(served_store.url, tmp_path / "backend", access=served_store.access) as server:
        wait_until(lambda: len(logged_rows(served_store.store)) >= 130, "the others are written")
        usage = httpx.get(f"{server.url}/usage", trust_env=False).json()
    assert [row["request_id"] for row in logged_rows(served_store.store)] == asked
    assert usage["today"]["queries"] == 130


def test_rows_are_in_the_store_when_the_interval_has_passed(
    sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookkeeping, "QueryLog", partial(QueryLog, interval_s=0.3))
    folder = linked_store(sample_store, tmp_path / "store")
    with served_here(folder, tmp_path / "cache") as url:
        httpx.post(f"{url}/query", json={"question": EMPLOYEES}, trust_env=False, timeout=30).raise_for_status()
        wait_until(lambda: len(logged_rows(LocalFolderStore(folder))) == 1, "the row is written", 10)


def test_query_that_fails_is_logged_as_failed(
    sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(
        finrag: FinRAG,
        question: Question,
        model: LanguageModel | None = None,
        permit: Permit | None = None,
        cancellation: Cancellation | None = None,
    ) -> Result:
        raise ZeroDivisionError("an inner detail")

    folder = linked_store(sample_store, tmp_path / "store")
    with served_here(folder, tmp_path / "cache") as url:
        monkeypatch.setattr(FinRAG, "stream", fail)
        headers = {"X-Request-ID": "request-of-failure"}
        httpx.post(f"{url}/query", json={"question": EMPLOYEES}, headers=headers, trust_env=False, timeout=30)
        assert httpx.get(f"{url}/usage", trust_env=False).json()["today"]["queries"] == 1
    [row] = logged_rows(LocalFolderStore(folder))
    assert (row["request_id"], row["status"], row["question_chars"]) == ("request-of-failure", "failed", len(EMPLOYEES))


def test_question_asked_before_there_is_an_index_is_not_logged(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with serve_backend(str(store), tmp_path / "backend", awaiting="/livez") as server:
        response = httpx.post(f"{server.url}/query", json={"question": EMPLOYEES}, trust_env=False, timeout=10)
        assert response.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert logged_files(LocalFolderStore(store)) == {}


def test_queries_are_answered_while_the_log_cannot_be_written_and_logged_later(
    sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file bars the folder of the log, which no user, root included, can write into then."""
    monkeypatch.setattr(bookkeeping, "QueryLog", partial(QueryLog, interval_s=0.05, retry_s=0.1))
    folder = linked_store(sample_store, tmp_path / "store")
    (folder / "logs").write_text("in the way")
    with served_here(folder, tmp_path / "cache") as url:
        for _ in range(3):
            httpx.post(f"{url}/query", json={"question": EMPLOYEES}, trust_env=False, timeout=30).raise_for_status()
            time.sleep(0.1)
        (folder / "logs").unlink()
        wait_until(lambda: len(logged_rows(LocalFolderStore(folder))) == 3, "the rows are written", 10)
