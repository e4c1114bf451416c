"""Slow questions hold up neither the probes nor the process, and an unexpected failure is a problem like any other.

The application runs in this process, so that a question can be held up and released at will.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from finrag_ml_tg1.answering.models.language_model import Cancellation, LanguageModel
from finrag_ml_tg1.events import Event, Result
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.pipeline import FinRAG, Permit
from finrag_ml_tg1.scope import Question
from serving.backend.engine import MAX_WAITING, WORKERS
from tests.contract.conftest import EMPLOYEES
from tests.contract.test_query_validation import assert_problem
from tests.local_processes import wait_until
from tests.served_here import ServedHere, served_here


@pytest.fixture(scope="module")
def served(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an application with a loaded index."""
    with served_here(sample_store, tmp_path_factory.mktemp("cache")) as url:
        yield url


@pytest.fixture
def caller(served: str) -> Iterator[httpx.Client]:
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(base_url=served, trust_env=False, timeout=30, limits=limits) as opened:
        yield opened


class HeldQuestions:
    """Questions that stand still inside the pipeline until released."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside = threading.Semaphore(0)
        self.release = threading.Event()
        stream = FinRAG.stream

        def held(
            finrag: FinRAG,
            question: Question,
            model: LanguageModel | None = None,
            permit: Permit | None = None,
            cancellation: Cancellation | None = None,
        ) -> Generator[Event, None, None]:
            self.inside.release()
            assert self.release.wait(30)
            yield from stream(finrag, question, model, permit, cancellation)

        monkeypatch.setattr(FinRAG, "stream", held)

    @contextmanager
    def asked(self, caller: httpx.Client, count: int) -> Iterator[list[httpx.Response]]:
        """Ask `count` questions; in the block they are under way, after it all have their response."""
        responses: list[httpx.Response] = []
        with ThreadPoolExecutor(count) as pool:
            futures = [pool.submit(caller.post, "/query", json={"question": EMPLOYEES}) for _ in range(count)]
            try:
                for _ in range(min(count, WORKERS)):
                    assert self.inside.acquire(timeout=20)
                yield responses
            finally:
                self.release.set()
                responses.extend(future.result() for future in futures)


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> HeldQuestions:
    return HeldQuestions(monkeypatch)


def test_probes_answer_while_questions_are_being_worked_on(caller: httpx.Client, questions: HeldQuestions) -> None:
    with questions.asked(caller, WORKERS + 2) as responses:
        for path in ("/livez", "/readyz", "/health"):
            assert caller.get(path, timeout=5).status_code == httpx.codes.OK
    assert [response.status_code for response in responses] == [200] * (WORKERS + 2)


def test_question_over_the_waiting_limit_is_told_to_come_back(caller: httpx.Client, questions: HeldQuestions) -> None:
    with questions.asked(caller, MAX_WAITING + 4) as responses:
        wait_until(lambda: caller.post("/query", json={"question": EMPLOYEES}, timeout=5).status_code == 429, "refusal")
        refused = caller.post("/query", json={"question": EMPLOYEES}, timeout=5)
        assert_problem(refused, 429)
        assert int(refused.headers["Retry-After"]) > 0
        assert caller.get("/livez", timeout=5).status_code == httpx.codes.OK
    assert sorted({response.status_code for response in responses}) == [200, 429]
    assert caller.post("/query", json={"question": EMPLOYEES}).status_code == httpx.codes.OK


def test_unexpected_failure_is_a_problem_with_the_request_id(
    caller: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(
        finrag: FinRAG,
        question: Question,
        model: LanguageModel | None = None,
        permit: Permit | None = None,
        cancellation: Cancellation | None = None,
    ) -> Result:
        raise ZeroDivisionError("an inner detail")

    monkeypatch.setattr(FinRAG, "stream", fail)
    response = caller.post("/query", json={"question": EMPLOYEES}, headers={"X-Request-ID": "request-of-failure"})
    assert_problem(response, 500)
    assert response.headers["X-Request-ID"] == "request-of-failure"
    assert "inner detail" not in response.text
    assert "request-of-failure" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_unexpected_failure_to_open_the_index_is_logged_and_tried_again(
    sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: object, **options: object) -> FinRAG:
        raise ZeroDivisionError("an inner detail")

    with monkeypatch.context() as broken:
        broken.setattr(FinRAG, "open", fail)
        server = ServedHere(MLConfig(store=str(sample_store), cache_dir=str(tmp_path), answer_cache_mb=0))
        server.start()
        try:
            ready = f"{server.url}/readyz"
            wait_until(lambda: "unexpected" in httpx.get(ready, trust_env=False).text, "the reason is given")
            assert "inner detail" not in httpx.get(ready, trust_env=False).text
            assert "ZeroDivisionError" in caplog.text
            broken.undo()
            server.wait_until_ready()
        finally:
            server.stop()
