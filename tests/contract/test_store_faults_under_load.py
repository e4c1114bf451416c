"""The soak run of the same name in small: a back end that meets faults of its store answers rightly or says why not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.contract.served_stores import ServedStore, index_on_s3, s3_settings
from tests.faults.checked import REQUESTS, CheckedClients, References, probed, references_of
from tests.faults.kinds import KINDS
from tests.faults.proxy import FaultProxy
from tests.index_versions import TwoVersions, name_current, two_versions
from tests.local_processes import serve_backend, wait_until

__all__ = ["two_versions"]

WARM = [number for number, request in enumerate(REQUESTS) if request.is_warm]
COLD = [number for number, request in enumerate(REQUESTS) if not request.is_warm]


@pytest.fixture(scope="module")
def references(two_versions: TwoVersions, tmp_path_factory: pytest.TempPathFactory) -> References:
    return references_of(two_versions, tmp_path_factory.mktemp("references"))


@pytest.fixture(scope="module")
def remote(moto_endpoint: str, two_versions: TwoVersions) -> Iterator[ServedStore]:
    with index_on_s3(two_versions.folder, moto_endpoint) as served:
        yield served


def test_faults_of_the_store_give_no_wrong_answer_and_end_without_a_restart(
    references: References,
    remote: ServedStore,
    two_versions: TwoVersions,
    moto_endpoint: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Starts while the region is wrong; loses the store for cold parts; meets damaged bytes with a new version."""
    proxy = FaultProxy(moto_endpoint)
    folder, access = tmp_path_factory.mktemp("backend"), s3_settings(proxy.endpoint)
    limits = httpx.Limits(max_connections=None)
    starting = ExitStack()
    starting.enter_context(KINDS["301 PermanentRedirect"].on(proxy))
    with (
        starting,
        serve_backend(
            remote.url, folder, awaiting="/livez", access=access, FINRAG_REFRESH_S="0.1", FINRAG_ANSWER_CACHE_MB="0"
        ) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=30, limits=limits) as client,
    ):
        clients = CheckedClients(client, references)

        def health() -> dict[str, object]:
            body: dict[str, object] = client.get("/health").json()
            return body

        wait_until(lambda: "check AWS_REGION" in client.get("/readyz").text, "the region is said to be wrong")
        starting.close()
        wait_until(lambda: client.get("/readyz").status_code == httpx.codes.OK, "ready without a restart")
        assert all(clients.ask(number, must_answer=True) for number in WARM)

        with probed(client, clients.findings):
            with KINDS["HTML page, status 200"].on(proxy):
                wait_until(lambda: health()["store"] == "unreachable", "the outage is noticed")
                assert health()["status"] == "degraded"
                assert all(clients.ask(number) for number in WARM)
                assert not any(clients.ask(number) for number in COLD)
            wait_until(lambda: health()["status"] == "ok", "the store is found again")

            with KINDS["corrupt body"].on(proxy):
                name_current(remote.store, two_versions.smaller)
                wait_until(lambda: health()["status"] == "degraded", "the damage is noticed")
                assert all(clients.ask(number) for number in WARM)
                assert not any(clients.ask(number) for number in COLD)
            wait_until(lambda: health()["index_version"] == two_versions.smaller, "the new version is taken")
            assert all(clients.ask(number, must_answer=True) for number in range(len(REQUESTS)))
    proxy.close()
    assert clients.findings == []
    assert set(clients.outcomes) == {"200", "503"}
