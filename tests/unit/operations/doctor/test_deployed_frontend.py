"""The deployed front end, a real Streamlit process: recognised by its body, with its WebSocket, and nothing behind."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from benchmarks.frontend_process import serve_frontend
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.doctor.checks import run_checks
from finrag_ml_tg1.operations.doctor.deployed import frontend as frontend_checks
from finrag_ml_tg1.operations.doctor.deployed.after_deploy import deployed_checks
from finrag_ml_tg1.operations.doctor.deployed.exposure import check_back_end_closed, check_nothing_behind
from finrag_ml_tg1.operations.doctor.deployed.frontend import check_distance, check_websocket
from finrag_ml_tg1.operations.doctor.deployed.recognition import Deployed, check_answer
from tests.local_processes import free_port
from tests.unit.operations.doctor.answering_server import Reply, Request, serve

OK = Reply(200, b"ok")
PAGE = Reply(200, b"<!DOCTYPE html><title>Streamlit</title>", {"Content-Type": "text/html"})


@pytest.fixture(scope="module")
def frontend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("frontend") / "log"
    with serve_frontend(f"http://127.0.0.1:{free_port()}", log) as served:
        yield served.url


def as_frontend(request: Request) -> Reply:
    return OK if request.path == "/_stcore/health" else PAGE


def test_front_end_passes_all_checks(frontend: str) -> None:
    closed = f"http://127.0.0.1:{free_port()}"
    results = {
        result.name: result.finding for result in run_checks(deployed_checks(frontend, closed, MLConfig()), total_s=20)
    }
    assert {name for name, finding in results.items() if finding.state == "skipped"} == {"certificate", "without TLS"}
    others = {name: finding for name, finding in results.items() if finding.state not in {"ok", "skipped"}}
    assert not others
    assert {"what answers", "pages", "distance", "only front end", "back end closed"} < results.keys()


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (OK, "every path answers"),
        (PAGE, "neither our front end nor our back end"),
        (Reply(502), "502"),
        (Reply(404), "404"),
        (Reply(302, headers={"Location": "https://login.example/"}), "https://login.example/"),
    ],
)
def test_what_is_not_ours_is_not_taken_for_it(reply: Reply, words: str) -> None:
    with serve(lambda request: reply) as url:
        deployed = Deployed(url)
        finding = check_answer(deployed)
    assert finding.state == "failed"
    assert words in finding.found
    assert deployed.kind is None


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (PAGE, "answers 200 instead of 101"),
        (Reply(403), "Origin"),
        (Reply(101, headers={"Sec-WebSocket-Accept": "of-another-connection"}), "101"),
    ],
)
def test_proxy_that_passes_no_websocket_is_told(reply: Reply, word: str) -> None:
    with serve(lambda request: reply) as url:
        finding = check_websocket(url)
    assert finding.state == "failed"
    assert word in f"{finding.found} {finding.advice}"


def test_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(request: Request) -> Reply:
        time.sleep(0.02)
        return OK

    monkeypatch.setattr(frontend_checks, "_SLOW_MS", 15.0)
    with serve(slowly) as url:
        assert check_distance(url).state == "warning"
    monkeypatch.setattr(frontend_checks, "_SLOW_MS", 500.0)
    with serve(slowly) as url:
        assert check_distance(url).state == "ok"
    with serve(lambda request: Reply(503)) as url:
        assert "5 of 5" in check_distance(url).found


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        ("/livez", OK),
        ("/health", Reply(503, b'{"status": "unavailable", "index_version": null}')),
        ("/catalog", Reply(200, b'{"index_version": "1", "companies": []}')),
        ("/query", Reply(401, b"{}", {"Content-Type": "application/problem+json"})),
    ],
)
def test_back_end_behind_the_front_ends_address_is_found(path: str, reply: Reply) -> None:
    with serve(lambda request: reply if request.path == path else as_frontend(request)) as url:
        finding = check_nothing_behind(url)
    assert finding.state == "failed"
    assert path in finding.found
    with serve(as_frontend) as url:
        assert check_nothing_behind(url).state == "ok"


def test_back_end_with_an_address_of_its_own() -> None:
    with serve(lambda request: OK if request.path == "/livez" else Reply(404)) as url:
        finding = check_back_end_closed(url)
    assert finding.state == "failed"
    assert "Expose HTTP traffic" in finding.advice[0]
    assert check_back_end_closed(url).state == "ok"
    with serve(lambda request: Reply(404)) as url:
        assert check_back_end_closed(url).state == "ok"
    with serve(lambda request: Reply(502)) as url:
        assert check_back_end_closed(url).state == "warning"
    assert check_back_end_closed(None).state == "skipped"
