"""Qdrant over HTTP: what its client makes of a server that is away, busy or refuses, and where its key may go."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from pydantic import SecretStr

from finrag_ml_tg1.errors import SettingsError, VectorIndexError, VectorIndexUnavailableError
from finrag_ml_tg1.index.outside.engine import VectorEngine
from finrag_ml_tg1.index.outside.opening import open_engine
from finrag_ml_tg1.loaders.ml_config import MLConfig
from tests.local_processes import free_port
from tests.unit.index.vector_engines import block_outside_network, open_local_qdrant

QUERY = np.array([1, 0, 0], dtype=np.float32)
NOTHING_FOUND = b'{"result": {"points": []}, "status": "ok", "time": 0.001}'


class Answers:
    """A server that gives these (status, headers) in turn, and at the end finds nothing. It notes keys and paths."""

    def __init__(self) -> None:
        self.queue: list[tuple[int, dict[str, str]]] = []
        self.seen: list[tuple[str, str | None]] = []
        self.url = ""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    block_outside_network(monkeypatch)
    answers = Answers()

    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answers.seen.append((self.path, self.headers["api-key"]))
            status, headers = answers.queue.pop(0) if answers.queue else (200, {})
            body = NOTHING_FOUND if status == 200 else b'{"status": {"error": "tests-secret"}}'
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers.url = f"qdrant+http://127.0.0.1:{http.server_address[1]}/filings"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    yield answers
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited: noted and not waited."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


@pytest.fixture
def engine(server: Answers) -> Iterator[VectorEngine]:
    engine = open_engine(server.url, MLConfig())
    yield engine
    engine.close()


def test_busy_then_served_is_not_noticed(server: Answers, engine: VectorEngine, pauses: list[float]) -> None:
    server.queue = [(503, {}), (429, {"Retry-After": "1"})]
    assert engine.search(QUERY, 5, (), ()).keys == []
    assert pauses == [0.1, 1.0]
    assert server.seen[-1][0].startswith("/collections/filings/points/query")


@pytest.mark.parametrize(("answer", "attempts"), [((429, {"Retry-After": "60"}), 1), ((429, {}), 3), ((503, {}), 3)])
def test_busy_for_good_is_told_within_a_questions_time(
    server: Answers, engine: VectorEngine, pauses: list[float], answer: tuple[int, dict[str, str]], attempts: int
) -> None:
    server.queue = [answer] * 9
    with pytest.raises(VectorIndexUnavailableError, match="try again later"):
        engine.search(QUERY, 5, (), ())
    assert len(server.seen) == attempts
    assert sum(pauses) < 2


def test_filling_is_more_patient(server: Answers, pauses: list[float]) -> None:
    filling = open_engine(server.url, MLConfig(), is_filling=True)
    server.queue = [(503, {})] * 6 + [(429, {"Retry-After": "20"})]
    assert filling.search(QUERY, 5, (), ()).keys == []
    filling.close()


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, VectorIndexUnavailableError, "with 401: check QDRANT_API_KEY"),
        (403, VectorIndexUnavailableError, "with 403: check QDRANT_API_KEY"),
        (404, VectorIndexError, "there is no such collection; run `finrag vectors sync`"),
        (400, VectorIndexError, "made for other vectors than these"),
        (500, VectorIndexUnavailableError, "has a fault; try again later"),
    ],
)
def test_refusal_says_in_one_line_what_to_do(
    server: Answers, engine: VectorEngine, status: int, kind: type[VectorIndexError], words: str
) -> None:
    server.queue = [(status, {})]
    with pytest.raises(VectorIndexError, match=words) as caught:
        engine.search(QUERY, 5, (), ())
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"{server.url}: Qdrant refused to search with {status}: ")
    assert "\n" not in str(caught.value)
    assert "tests-secret" not in str(caught.value)


def test_engine_that_is_away_is_told(pauses: list[float]) -> None:
    engine = open_engine(f"qdrant+http://127.0.0.1:{free_port()}/filings", MLConfig())
    with pytest.raises(VectorIndexUnavailableError, match=r"cannot be reached \(ConnectError\): check the network"):
        engine.search(QUERY, 5, (), ())
    assert len(pauses) == 2
    engine.close()


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
def test_key_goes_to_this_machine(server: Answers) -> None:
    engine = open_engine(server.url, MLConfig(qdrant_api_key=SecretStr("tests-key")))
    engine.search(QUERY, 5, (), ())
    assert server.seen[-1][1] == "tests-key"
    engine.close()


def test_key_is_not_sent_in_the_open() -> None:
    with pytest.raises(SettingsError, match=r"QDRANT_API_KEY would be sent unencrypted to http://engine\.example:6333"):
        open_engine("qdrant+http://engine.example/filings", MLConfig(qdrant_api_key=SecretStr("tests-key")))


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect")
def test_collection_made_again_is_told_apart() -> None:
    with open_local_qdrant() as first, open_local_qdrant() as second:
        assert first.create(3) == first.describe()
        assert first.describe() != second.create(3)
