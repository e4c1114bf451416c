"""Index versions are switched under load without a failed request, and a store that goes away is told and survived."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from moto.server import ThreadedMotoServer

from tests.constant_clients import constantly
from tests.contract.conftest import EMPLOYEES
from tests.contract.served_stores import ServedStore, index_on_s3
from tests.contract.test_query_validation import assert_problem
from tests.index_versions import TwoVersions, name_current, two_versions
from tests.local_processes import Server, free_port, serve_backend, wait_until
from tests.switched_versions import Asker

__all__ = ["two_versions"]

COLD = "What are the main risks of Hibbelwick in fiscal 2022?"
SWITCHES = 3


class S3Service:
    """An S3 service of the test's own, which can go away and come back with what it held."""

    def __init__(self) -> None:
        self._port = free_port()
        self._server: ThreadedMotoServer | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", port=self._port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        if self._server is None:
            return
        self._server.stop()
        if self._server._server is not None:
            self._server._server.server_close()  # which `stop` leaves open
        self._server = None


@pytest.fixture(scope="module")
def service() -> Iterator[S3Service]:
    service = S3Service()
    service.start()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def remote(service: S3Service, two_versions: TwoVersions) -> Iterator[ServedStore]:
    with index_on_s3(two_versions.folder, service.endpoint) as served:
        yield served


@pytest.fixture(scope="module")
def server(remote: ServedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("backend")
    with serve_backend(remote.url, folder, access=remote.access, FINRAG_REFRESH_S="0.1") as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30, limits=limits) as opened:
        yield opened


def wait_until_serving(client: httpx.Client, version: str) -> None:
    wait_until(lambda: client.get("/health").json()["index_version"] == version, "the version is taken")


def test_store_that_goes_away_is_told_and_what_is_at_hand_is_answered(client: httpx.Client, service: S3Service) -> None:
    assert client.post("/query", json={"question": EMPLOYEES}).json()["status"] == "answered"
    service.stop()
    wait_until(lambda: client.get("/health").json()["store"] == "unreachable", "the outage is noticed")

    health = client.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert "cannot be reached" in health.json()["refresh_error"]
    assert client.get("/readyz").status_code == httpx.codes.OK
    problem = assert_problem(client.post("/query", json={"question": COLD}), 503)
    assert "cannot be reached" in problem["detail"]
    warm = client.post("/query", json={"question": EMPLOYEES, "top_k": 7}).json()
    assert (warm["status"], warm["metadata"]["cached"]) == ("answered", False)

    service.start()
    wait_until(lambda: client.get("/health").json()["status"] == "ok", "the store is found again")
    assert client.get("/health").json()["refresh_error"] is None
    assert client.post("/query", json={"question": COLD}).json()["status"] == "answered"


def test_no_request_fails_while_versions_are_switched(
    client: httpx.Client, remote: ServedStore, two_versions: TwoVersions
) -> None:
    asker = Asker(client, two_versions)
    with constantly(asker.ask, clients=4):
        for switch in range(SWITCHES):
            version = (two_versions.smaller, two_versions.whole)[switch % 2]
            name_current(remote.store, version)
            wait_until_serving(client, version)
            asker.wait_for_answers(6)
    assert asker.faults == []
    assert set(asker.versions) == {two_versions.whole, two_versions.smaller}
