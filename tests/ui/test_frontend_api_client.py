import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.backend_url import BackendUrlError, is_loopback, normalise_backend_url
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.obstacle import Obstacle
from serving.frontend.contract.query import Filters, Query
from serving.frontend.contract.stream_events import SourcesFound, StageDone, Words
from serving.frontend.contract.understood import NamedCompany, Understood
from tests.ui.stub_backend import COMPANY, REQUEST_ID, Reply, StubBackend, answer_question, build_problem


@contextmanager
def connect(url: str, api_key: str | None = None, read_timeout_s: float = 5.0) -> Iterator[BackendClient]:
    client = BackendClient(url, api_key, read_timeout_s=read_timeout_s)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def listen_silently() -> Iterator[str]:
    """A port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, "http://localhost:8000"),
        ("  ", "http://localhost:8000"),
        ("backend:8000", "http://backend:8000"),
        ("localhost:8000/", "http://localhost:8000"),
        ("orders-k3j4h.ns.svc.cluster.local:8080", "http://orders-k3j4h.ns.svc.cluster.local:8080"),
        ("https://api.example.com/finrag//", "https://api.example.com/finrag"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_backend_url_is_normalised(raw: str | None, expected: str) -> None:
    assert normalise_backend_url(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "http://",
        "ftp://backend:8000",
        "not a url",
        "<internal hostname>",
        "localhost:99999",
        "localhost:port",
        "javascript:alert(1)",
        "http://user:secret@backend",
        "http://backend?x=1",
        "http://[::1",
        "-",
    ],
)
def test_backend_url_is_refused_in_one_line_without_its_value(raw: str) -> None:
    with pytest.raises(BackendUrlError, match=r"^BACKEND_URL is not .* http://localhost:8000") as refusal:
        normalise_backend_url(raw)
    assert "\n" not in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [("http://localhost:1", True), ("http://127.0.0.1", True), ("http://[::1]:2", True), ("http://backend", False)],
)
def test_loopback_is_recognised(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_answer_is_read_and_history_is_sent(stub: StubBackend) -> None:
    query = Query(
        "How large were net sales?",
        Filters(("VLMR",), (2024,), ("7",), ("10-K",)),
        "development",
        include_kpi=False,
        history=(("user", "first"), ("assistant", "answer")),
    )
    with connect(stub.url) as client:
        *_, answer = client.open_answer(query)
    assert stub.questions == [
        {
            "question": "How large were net sales?",
            "filters": {"tickers": ["VLMR"], "fiscal_years": [2024], "items": ["7"], "forms": ["10-K"]},
            "model_key": "development",
            "include_kpi": False,
            "include_rag": True,
            "history": [{"role": "user", "content": "first"}, {"role": "assistant", "content": "answer"}],
        }
    ]
    assert isinstance(answer, Answer)
    assert answer.status == "answered"
    assert answer.understood.companies == (NamedCompany(COMPANY, ("VLMR",)),)
    assert answer.understood.fiscal_years == (2024, 2023)
    assert [(citation.n, citation.cited) for citation in answer.citations] == [(1, True), (2, True), (3, False)]


def ask(client: BackendClient, question: str) -> Answer:
    *_, answer = client.open_answer(Query(question))
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(("api_key", "expected"), [("k-123", "k-123"), (None, None)])
def test_api_key_is_sent_only_when_set(stub: StubBackend, api_key: str | None, expected: str | None) -> None:
    with connect(stub.url, api_key) as client:
        client.fetch_catalog()
    assert stub.headers[-1].get("X-API-Key") == expected


def test_problem_becomes_api_error_with_all_its_parts(stub: StubBackend) -> None:
    with connect(stub.url) as client, pytest.raises(ApiError) as refusal:
        ask(client, "ab")
    error = refusal.value
    assert (error.status, error.title) == (422, "Unprocessable Content")
    assert (error.detail, error.request_id) == ("The request is not valid.", REQUEST_ID)
    assert error.field_errors == ("question: at least 3 characters",)


def test_retry_after_is_read_when_too_many_ask(stub: StubBackend) -> None:
    with connect(stub.url) as client, pytest.raises(ApiError) as refusal:
        ask(client, "over the limit")
    assert (refusal.value.status, refusal.value.retry_after_s) == (429, 7)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(200, "<html>", content_type="text/html"), "no stream of events"),
        (Reply(200, {"answer": None}), "not shaped as agreed"),
        (Reply(200, []), "no stream of events"),
        (Reply(500, "Internal Server Error", content_type="text/plain"), "gave no reason"),
        (Reply(502, "<html>", content_type="text/html"), "gave no reason"),
        (Reply(401, {}), "FINRAG_API_KEY"),
        (Reply(404, "nothing"), "BACKEND_URL"),
        (Reply(413, {}), "shorter question"),
    ],
)
def test_unusable_answer_says_what_to_do(stub: StubBackend, reply: Reply, words: str) -> None:
    stub.replies["/query"] = reply
    with connect(stub.url) as client, pytest.raises(ApiError, match=words) as refusal:
        ask(client, "How large were net sales?")
    assert refusal.value.status == reply.status


def stream(*events: str) -> Reply:
    return Reply(200, "".join(f"{event}\n\n" for event in events), content_type="text/event-stream")


def test_steps_understanding_and_sources_are_told_before_the_words(stub: StubBackend) -> None:
    with connect(stub.url) as client:
        *told, answer = client.open_answer(Query("How large were net sales?"))
    assert isinstance(answer, Answer)
    kinds = list(dict.fromkeys(type(event) for event in told))
    assert kinds == [StageDone, Understood, SourcesFound, Words]
    words = [event.text for event in told if isinstance(event, Words)]
    assert "".join(words) == answer.text
    assert len(words) > 5


def test_event_of_another_kind_is_passed_over(stub: StubBackend) -> None:
    whole = json.dumps(answer_question("How large were net sales?"))
    stub.replies["/query/stream"] = stream("event: weather\ndata: {}", f"event: done\ndata: {whole}")
    with connect(stub.url) as client:
        assert [type(event) for event in client.open_answer(Query("How large were net sales?"))] == [Answer]


def test_error_that_ends_a_stream_is_an_api_error(stub: StubBackend) -> None:
    problem = '{"title": "Service Unavailable", "status": 503, "detail": "The server is shutting down."}'
    stub.replies["/query/stream"] = stream('event: token\ndata: {"text": "Net"}', f"event: error\ndata: {problem}")
    with connect(stub.url) as client, pytest.raises(ApiError, match="shutting down") as refusal:
        ask(client, "How large were net sales?")
    assert (refusal.value.status, refusal.value.request_id) == (503, REQUEST_ID)


@pytest.mark.parametrize(
    "sent", ['event: status\ndata: {"stage": "facts", "ms": 1}', 'event: token\ndata: {"text": "Net"}', ""]
)
def test_stream_that_ends_without_an_answer_is_a_back_end_away(stub: StubBackend, sent: str) -> None:
    stub.replies["/query/stream"] = stream(sent)
    with connect(stub.url) as client, pytest.raises(BackendAwayError, match="broke off"):
        ask(client, "How large were net sales?")


@pytest.mark.parametrize(("data", "words"), [("{", "not JSON"), ("[]", "not shaped"), ("{}", "not shaped")])
def test_event_that_cannot_be_read_says_what_to_do(stub: StubBackend, data: str, words: str) -> None:
    for name in ("token", "done", "error"):
        stub.replies["/query/stream"] = stream(f"event: {name}\ndata: {data}")
        with connect(stub.url) as client, pytest.raises(ApiError, match=words):
            ask(client, "How large were net sales?")


def test_redirect_is_not_followed(stub: StubBackend) -> None:
    stub.replies["/catalog"] = Reply(307, {}, {"Location": f"{stub.url}/elsewhere"})
    with connect(stub.url, "k-123") as client, pytest.raises(ApiError, match="BACKEND_URL"):
        client.fetch_catalog()
    assert len(stub.headers) == 1


def test_refused_connection_is_a_back_end_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with connect(url) as client, pytest.raises(BackendAwayError, match="cannot be reached"):
        client.fetch_health()


def test_silent_back_end_is_away_after_the_read_timeout() -> None:
    expected = pytest.raises(BackendAwayError, match=r"did not answer within 0\.2 seconds")
    with listen_silently() as url, connect(url, read_timeout_s=0.2) as client, expected:
        ask(client, "How large were net sales?")


def test_connection_cut_in_the_middle_is_a_back_end_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def cut() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{")

        thread = threading.Thread(target=cut)
        thread.start()
        with connect(f"http://127.0.0.1:{server.getsockname()[1]}") as client, pytest.raises(BackendAwayError):
            client.fetch_catalog()
        thread.join()


def test_environment_proxy_is_not_used_on_loopback(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with connect(stub.url) as client:
        assert client.fetch_health().status == "ok"


def test_health_that_comes_with_503_is_a_state(stub: StubBackend) -> None:
    body = {"status": "storage unavailable", "store": "unreachable", "index_version": None, "filings": 0, "passages": 0}
    stub.replies["/health"] = Reply(http.client.SERVICE_UNAVAILABLE, body)
    with connect(stub.url) as client:
        assert client.fetch_health().store == "unreachable"


def test_obstacle_is_none_when_ready_and_the_reason_when_not(stub: StubBackend) -> None:
    with connect(stub.url) as client:
        assert client.fetch_obstacle() is None
        stub.mode = "no index"
        assert client.fetch_obstacle() == Obstacle("The store holds no current index version.", is_loading=False)
        stub.replies["/readyz"] = Reply(503, {"detail": "A moment.", "reason": "loading"})
        assert client.fetch_obstacle() == Obstacle("A moment.", is_loading=True)
        stub.replies["/readyz"] = build_problem(401, "Unauthorized", "The key is wrong.")
        with pytest.raises(ApiError, match="The key is wrong"):
            client.fetch_obstacle()


def test_passage_id_is_quoted(stub: StubBackend) -> None:
    with connect(stub.url) as client:
        window = client.fetch_passage("vlmr/2024:t1")
    assert window.passage.kind == "table"
    assert [len(window.before), len(window.after)] == [1, 1]


def test_each_reader_has_his_own_address_on_shared_connections(stub: StubBackend) -> None:
    with connect(stub.url, api_key="the-key") as client:
        one, other = client.for_reader("198.51.100.1"), client.for_reader("198.51.100.2")
        for reader in (one, other, one, client):
            reader.fetch_health()
    assert [headers.get("X-Forwarded-For") for headers in stub.headers] == [
        "198.51.100.1",
        "198.51.100.2",
        "198.51.100.1",
        None,
    ]
    assert {headers["X-API-Key"] for headers in stub.headers} == {"the-key"}
