"""What the probes say with and without an index, and how the server starts and ends."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.backend.served_versions import ServedVersions
from tests.contract.conftest import EMPLOYEES
from tests.contract.test_query_validation import assert_problem
from tests.event_loops import run
from tests.local_processes import Server, serve_backend, wait_until

HEALTH = {
    "status",
    "store",
    "index_version",
    "filings",
    "passages",
    "refresh_error",
    "warnings",
    "shared_redis",
    "detail",
    "uptime_s",
    "rss_mb",
}


def get(server: Server, path: str) -> httpx.Response:
    return httpx.get(server.url + path, trust_env=False, timeout=10)


def ask(server: Server) -> httpx.Response:
    return httpx.post(f"{server.url}/query", json={"question": EMPLOYEES}, trust_env=False, timeout=10)


def test_health_counts_what_the_index_holds(client: httpx.Client) -> None:
    health = client.get("/health").raise_for_status().json()
    assert set(health) == HEALTH
    assert (health["status"], health["store"], health["filings"]) == ("ok", "ok", 9)
    assert health["passages"] > 500
    assert health["rss_mb"] > 10
    assert health["index_version"] == client.get("/catalog").json()["index_version"]


def test_probes_answer_with_a_loaded_index(client: httpx.Client) -> None:
    assert [client.get(path).text for path in ("/livez", "/readyz")] == ["ok", "ok"]


def test_index_is_loading_until_it_is_known_what_is_in_the_way(tmp_path: Path) -> None:
    versions = ServedVersions(MLConfig(cache_dir=str(tmp_path)), LocalFolderStore(tmp_path), lambda version: None)
    assert versions.is_loading
    assert versions.problem is not None

    async def look() -> None:
        following = asyncio.create_task(versions.follow())
        while versions.is_loading:
            await asyncio.sleep(0.01)
        following.cancel()

    run(look())
    assert "holds no index" in versions.problem


def test_server_without_index_says_how_to_build_one_and_becomes_ready_when_it_is_built(
    tmp_path: Path, sample_store: Path
) -> None:
    store = tmp_path / "store"
    with serve_backend(str(store), tmp_path / "backend", awaiting="/livez") as server:
        wait_until(lambda: "holds no index" in get(server, "/readyz").text, "the server has looked for an index")
        assert get(server, "/readyz").json()["reason"] == "obstacle"
        for response in (get(server, "/readyz"), ask(server), get(server, "/catalog"), get(server, "/passages/x")):
            problem = assert_problem(response, 503)
            assert "finrag ingest" in problem["detail"]
            assert "finrag index" in problem["detail"]
            assert int(response.headers["Retry-After"]) > 0
        assert get(server, "/livez").status_code == httpx.codes.OK
        health = get(server, "/health")
        assert health.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert set(health.json()) == HEALTH
        assert (health.json()["status"], health.json()["index_version"]) == ("unavailable", None)

        shutil.copytree(sample_store, store)

        wait_until(lambda: get(server, "/readyz").status_code == httpx.codes.OK, "ready without a restart")
        assert ask(server).json()["status"] == "answered"


def test_cache_folder_that_cannot_be_used_is_named_as_the_reason(tmp_path: Path, sample_store: Path) -> None:
    """The cache is below a file, so that no user, root included, can make it."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with serve_backend(
        str(sample_store), tmp_path / "backend", awaiting="/livez", FINRAG_CACHE_DIR=str(blocked / "cache")
    ) as server:
        wait_until(lambda: "being loaded" not in get(server, "/readyz").text, "the failure is known")
        problem = assert_problem(get(server, "/readyz"), 503)
        assert str(blocked) in problem["detail"]
        assert "FINRAG_CACHE_DIR" in problem["detail"]

        blocked.unlink()

        wait_until(lambda: get(server, "/readyz").status_code == httpx.codes.OK, "ready once the folder can be made")


def test_damaged_index_is_named_as_the_reason(tmp_path: Path, sample_store: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(sample_store, store)
    version = (store / "index" / "CURRENT").read_text().strip()
    (store / "index" / version / "manifest.json").write_text("{")
    with serve_backend(str(store), tmp_path / "backend", awaiting="/livez") as server:
        wait_until(lambda: "being loaded" not in get(server, "/readyz").text, "the failure is known")
        assert version in assert_problem(get(server, "/readyz"), 503)["detail"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_server_in_time(tmp_path: Path, sample_store: Path, number: signal.Signals) -> None:
    with serve_backend(str(sample_store), tmp_path / "backend") as server:
        with httpx.Client(base_url=server.url, trust_env=False) as kept_alive:
            kept_alive.get("/livez")
            started = time.monotonic()
            server.process.send_signal(number)
            server.process.wait(timeout=10)
        assert time.monotonic() - started < 10
        assert "Traceback" not in server.output


def test_signal_ends_a_server_that_waits_for_a_silent_store(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with serve_backend(
            "s3://bucket/prefix",
            tmp_path / "backend",
            awaiting="/livez",
            AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{silent.getsockname()[1]}",
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_REGION="us-east-1",
        ) as server:
            silent.settimeout(10)
            connection, _ = silent.accept()
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(timeout=10)
            connection.close()
