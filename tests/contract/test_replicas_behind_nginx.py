"""Two back ends behind nginx: a question is answered whichever is away, and nothing is asked twice that must not be."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.conftest import EMPLOYEES
from tests.replicas import Replicas, replicas
from tests.sample_index import ROOT, linked_store


@pytest.fixture(scope="module")
def running(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    folder = tmp_path_factory.mktemp("replicas")
    with replicas(linked_store(sample_store, folder / "store"), folder / "run", backends=2) as started:
        yield started


@pytest.fixture
def api(running: Replicas) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.nginx.api_url, trust_env=False, timeout=60) as client:
        yield client


def test_settings_are_taken_by_nginx_without_a_warning(running: Replicas) -> None:
    assert "warn" not in running.nginx.check()


def test_both_answer_and_their_metrics_are_not_mixed(running: Replicas, api: httpx.Client) -> None:
    for _ in range(4):
        assert api.post("/query", json={"question": EMPLOYEES}).json()["status"] == "answered"

    asked = {entry["upstreams"] for entry in running.nginx.requests() if entry["path"] == "/query"}
    assert asked == {replica.address for replica in running.backends}
    assert api.get("/metrics").status_code == httpx.codes.NOT_FOUND


def test_stopped_and_killed_back_ends_fail_no_request(running: Replicas, api: httpx.Client) -> None:
    """SU-05: what is stopping is not asked, and what is gone is noticed by nginx, not by a reader."""
    for away, end in ((running.backends[0], "stop"), (running.backends[1], "kill")):
        getattr(away, end)()
        statuses = [api.get("/catalog").status_code for _ in range(6)]
        statuses += [api.post("/query", json={"question": EMPLOYEES}).status_code for _ in range(6)]
        stream = api.post("/query/stream", json={"question": EMPLOYEES})
        away.start()
        assert statuses == [200] * 12
        assert "event: done" in stream.text
    assert any("," in str(entry["upstreams"]) for entry in running.nginx.requests())


def test_reload_takes_over_other_back_ends(running: Replicas, api: httpx.Client) -> None:
    first, second = (replica.address for replica in running.backends)
    running.nginx.render([second], ["127.0.0.1:9"])
    running.nginx.reload()
    for _ in range(6):
        assert api.get("/catalog").status_code == httpx.codes.OK
    assert running.nginx.requests()[-1]["upstreams"] == second
    running.nginx.render([first, second], ["127.0.0.1:9"])
    running.nginx.reload()


@pytest.mark.parametrize("address", ["host", "host:80; return 200", "host:80\n", "http://host:80"])
def test_what_is_no_address_gets_into_no_settings(tmp_path: Path, address: str) -> None:
    command = [sys.executable, str(ROOT / "deploy/nginx/render.py"), "--folder", str(tmp_path), "--backend", address]
    refused = subprocess.run([*command, "--frontend", "host:81"], capture_output=True, text=True, check=False)

    assert refused.returncode == 2
    assert "is not host:port" in refused.stderr
