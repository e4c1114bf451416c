"""What the front end asks of the back end goes over one connection, and a page asks no more than it needs."""

from __future__ import annotations

from contextlib import closing

from benchmarks.latency_proxy import delayed
from serving.frontend.api_client import BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.query import Query
from serving.frontend.status.backend_status import State, read_status
from tests.contract.conftest import EMPLOYEES
from tests.local_processes import Server


def test_questions_and_pages_share_a_connection(backend: Server) -> None:
    with delayed(backend.url) as way, closing(BackendClient(way.url)) as client:
        for _ in range(2):
            assert read_status(client).state is State.OK
            *_, answer = client.open_answer(Query(EMPLOYEES))
            assert isinstance(answer, Answer)
        traffic = way.taken()
    assert traffic.requests == ("GET /health", "POST /query/stream") * 2
    assert traffic.connects == 1
