"""`finrag eval answers`: what is counted of which responses, in process on the samples and over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from finrag_ml_tg1.answering.models.errors import ModelUnavailableError
from finrag_ml_tg1.answering.models.language_model import Cancellation, Finished, ModelProfile, Prompt
from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.answers.asking import Given, GivenCitation, asking, asking_url
from finrag_ml_tg1.evaluation.answers.intervals import interval
from finrag_ml_tg1.evaluation.answers.questions import AnswerQuestion
from finrag_ml_tg1.evaluation.answers.running import evaluate_answers
from finrag_ml_tg1.evaluation.report import Outcome
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.pipeline import FinRAG
from tests.sample_index import ground_truth

CITED = (GivenCitation(1, "Debt 5", ((5, 6),), True),)
ANSWERS = {
    "right": Given("**Debt: $5 million** [1]", True, CITED),
    "wrong": Given("**Debt: $6 million** [1]", True, CITED, ("number", "unsupported")),
    "uncited": Given("**Debt: $5 million**", True, ()),
    "abstained": Given("Not in the filings.", False),
    "failed": Given(failure="timed out"),
}


def judged(*questions: AnswerQuestion) -> Outcome:
    return evaluate_answers(questions, lambda question: ANSWERS[question.identifier], judge=None, tell=print)


def asked(
    identifier: str, *, gold: str | None = "$5 million", kind: str = "", is_covered: bool = True
) -> AnswerQuestion:
    return AnswerQuestion(identifier, "What was Orquenna's debt?", gold, kind, is_covered=is_covered)


def test_every_response_is_counted_once_as_correct_wrong_refused_or_failed() -> None:
    outcome = judged(*(asked(name) for name in ANSWERS))
    assert [outcome.metrics[name] for name in ("correct", "wrong", "refused", "failed")] == [0.4, 0.2, 0.2, 0.2]
    assert outcome.n == 5
    assert [miss["id"] for miss in outcome.misses] == ["wrong", "uncited", "abstained", "failed"]


def test_citations_and_flags_are_shares_of_what_was_answered() -> None:
    metrics = judged(*(asked(name) for name in ANSWERS)).metrics
    assert metrics["citations_valid"] == pytest.approx(2 / 3, abs=1e-5)
    assert metrics["numbers_flagged"] == pytest.approx(1 / 3, abs=1e-5)


def test_gold_in_answer_is_a_share_of_questions_with_an_answer_in_the_corpus() -> None:
    outside = asked("abstained", is_covered=False)
    outcome = judged(asked("right"), asked("wrong"), outside, asked("abstained", gold=None))
    assert outcome.metrics["gold_in_answer"] == 0.5
    assert outcome.metrics["correct"] == 0.5


def test_shares_are_broken_down_by_the_type_of_question() -> None:
    by_type = judged(
        asked("right", kind="metric"), asked("wrong", kind="metric"), asked("abstained", kind="why")
    ).by_type
    assert (by_type["type metric"]["correct"], by_type["type metric"]["n"]) == (0.5, 2)
    assert "citations_valid" not in by_type["type why"]
    assert by_type["gold number"]["n"] == 3


def test_interval_is_wilson_s() -> None:
    # 8 of 10: Wilson's score interval without continuity correction, z = 1.96.
    assert interval(8, 10) == [0.4902, 0.9433]
    assert interval(0, 0) == [0.0, 1.0]


def open_samples(sample_store: Path, folder: Path) -> FinRAG:
    store = LocalFolderStore(sample_store)
    return FinRAG.open(store, DiskCache(folder, store, 2**30), folder)


def test_product_is_asked_in_process(sample_store: Path, tmp_path: Path) -> None:
    filing = next(part for part in ground_truth() if part["ticker"] == "ORQN" and part["fiscal_year"] == 2024)
    assets = filing["values"]["us-gaap:Assets"]["value"]
    question = AnswerQuestion("1", "What were Orquenna's total assets in fiscal 2024 (in USD)?", assets)
    unknown = AnswerQuestion("2", "What were Zorblat Corporation's total assets in fiscal 2024?", None)
    rag = open_samples(sample_store, tmp_path)
    outcome = evaluate_answers([question, unknown], asking(rag), judge=None, tell=print)
    assert outcome.metrics["correct"] == 1, outcome.misses
    assert (outcome.metrics["citations_valid"], outcome.metrics["gold_in_answer"]) == (1, 1)
    assert outcome.index_version == rag.index.version


@dataclass
class Away:
    """A model that fails before it has written a word."""

    profile: ModelProfile = field(default_factory=lambda: ModelProfile("away", "openai", "away-1", 8_000, 500))

    def write(self, prompt: Prompt, cancellation: Cancellation | None = None) -> Generator[str | Finished, None, None]:
        yield ""
        raise ModelUnavailableError("connection refused", "its address")


def test_model_that_is_away_is_a_fallback_and_its_quotations_are_graded(sample_store: Path, tmp_path: Path) -> None:
    filing = next(part for part in ground_truth() if part["ticker"] == "ORQN" and part["fiscal_year"] == 2024)
    assets = filing["values"]["us-gaap:Assets"]["value"]
    question = AnswerQuestion("1", "What were Orquenna's total assets in fiscal 2024 (in USD)?", assets)
    asks = asking(open_samples(sample_store, tmp_path), Away())
    metrics = evaluate_answers([question], asks, judge=None, tell=print).metrics
    assert (metrics["fell_back"], metrics["correct"], metrics["citations_valid"]) == (1, 1, 1)


def test_question_is_asked_with_the_turns_before_it(sample_store: Path, tmp_path: Path) -> None:
    turn = {"role": "user", "content": "What were Orquenna's total assets in fiscal 2024?"}
    asks = asking(open_samples(sample_store, tmp_path))
    filing = next(part for part in ground_truth() if part["ticker"] == "ORQN" and part["fiscal_year"] == 2023)
    assets = filing["values"]["us-gaap:Assets"]["value"]
    question = AnswerQuestion("7", "And in 2023?", assets, history=(turn,))
    assert evaluate_answers([question], asks, judge=None, tell=print).metrics["correct"] == 1


@dataclass
class Server:
    """Where it listens, and what it was sent."""

    url: str
    bodies: list[dict[str, Any]]


@contextmanager
def serving(reply: Callable[[dict[str, Any]], tuple[int, object]]) -> Iterator[Server]:
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            bodies.append(body)
            status, content = reply(body)
            payload = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing: the test tells what it was sent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_port}", bodies)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


RESPONSE = {
    "status": "answered",
    "answer": "Debt was $5 million. [1]",
    "citations": [{"n": 1, "text": "Debt 5", "highlights": [[5, 6]], "cited": True}],
    "flags": [{"kind": "number", "start": 9, "end": 19, "text": "$5 million", "reason": "Stands nowhere."}],
    "metadata": {"llm": {"model_id": "a-model", "cost": 0.25, "fallback": None}, "index_version": "v1"},
}


def test_server_is_asked_with_model_and_history_and_read_as_the_contract_says() -> None:
    turns = ({"role": "user", "content": "Debt in 2022?"},)
    question = AnswerQuestion("1", "And in 2023?", "$5 million", history=turns)
    with serving(lambda body: (200, RESPONSE)) as server:
        outcome = evaluate_answers([question], asking_url(server.url, "premium"), judge=None, tell=print)
    assert server.bodies == [{"question": "And in 2023?", "history": list(turns), "model_key": "premium"}]
    assert (outcome.metrics["correct"], outcome.metrics["citations_valid"]) == (1, 1)
    assert (outcome.metrics["numbers_flagged"], outcome.index_version) == (1, "v1")
    assert (outcome.metrics["cost_usd"], outcome.metrics["fell_back"]) == (0.25, 0)


def test_answer_quoted_because_the_model_failed_is_counted_and_checked_as_a_quotation() -> None:
    used = {"model_id": "a-model", "cost": 0, "fallback": "The model does not answer."}
    quoted = {
        **RESPONSE,
        "answer": "Debt was $5 million at the end. [1]",
        "metadata": {"llm": used, "index_version": "1"},
    }
    with serving(lambda body: (200, quoted)) as server:
        outcome = evaluate_answers([asked("right")], asking_url(server.url, None), judge=None, tell=print)
    assert (outcome.metrics["fell_back"], outcome.metrics["citations_valid"]) == (1, 0)


def test_response_without_flags_flags_nothing() -> None:
    plain = {name: value for name, value in RESPONSE.items() if name != "flags"}
    with serving(lambda body: (200, plain)) as server:
        given = asking_url(server.url, None)(asked("right"))
        assert (given.flags, server.bodies) == ((), [{"question": "What was Orquenna's debt?"}])


def test_error_of_the_server_is_a_failure_of_that_question() -> None:
    with serving(lambda body: (503, {"title": "busy"})) as server:
        assert "503" in asking_url(server.url, None)(asked("right")).failure


def test_no_server_is_told() -> None:
    with pytest.raises(SettingsError, match="no server answers there"):
        asking_url("http://127.0.0.1:9", None)(asked("right"))
