"""The service as a process: how it starts and ends, and how much memory it takes."""

from __future__ import annotations

import hashlib
import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from click.testing import CliRunner

from kserve_api.__main__ import kserve_api
from kserve_api.api.tenants import parse_tenants
from kserve_api.settings import Settings
from kserve_api.tests.process_memory import memory_mb
from kserve_api.tests.running_api import ACCOUNT, IMAGE, TENANTS, key_of, roles, running_process, tenants_file
from kserve_api.tests.running_cluster import RunningCluster, running_cluster

_LIMIT_MB = 130


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RunningCluster]:
    namespaces = sorted({name for tenant in TENANTS for name in tenant["namespaces"]})
    with running_cluster(namespaces=namespaces, rbac=[roles(tmp_path, namespaces)]) as running:
        yield running


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from Linux' /proc")
def test_it_stays_within_130_megabytes_and_ends_when_told(cluster: RunningCluster, tmp_path: Path) -> None:
    """KS-07: measured over the real client, with TLS; an open stream does not hold up the end."""
    environment = {
        "environment": "production",
        "tenants_file": str(tenants_file(tmp_path)),
        "kubeconfig": str(cluster.kubeconfig(ACCOUNT)),
    }
    headers = {"X-API-Key": key_of("acme")}
    with (
        running_process(environment, tmp_path) as (url, process),
        httpx.Client(base_url=url, headers=headers, timeout=60) as client,
    ):
        assert client.post("/deploy", json={"name": "shop", "image": IMAGE, "min_scale": 1}).status_code == 201
        cluster.settle()
        for _ in range(100):
            assert client.get("/models").status_code == 200
            assert client.get("/models/team-a/shop").status_code == 200
        assert client.get("/ready").status_code == 200
        assert client.get("/").status_code == 200
        used = memory_mb(process.pid)
        with client.stream("GET", "/logs/shop/stream") as stream:
            assert next(stream.iter_lines())
            process.send_signal(signal.SIGTERM)
            told = time.monotonic()
            assert process.wait(60) in {0, -signal.SIGTERM}
            assert time.monotonic() - told < 8
    assert used <= _LIMIT_MB, f"{used:.0f} MB"
    log = (tmp_path / "log").read_text()
    assert all(isinstance(json.loads(line), dict) for line in log.splitlines())
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"KSERVE_API_ENVIRONMENT": "production"}, ["KSERVE_API_TENANTS_FILE"]),
        ({"KSERVE_API_HOST": "0.0.0.0"}, ["KSERVE_API_TENANTS_FILE"]),
        ({"KSERVE_API_PORT": "-1", "KSERVE_API_LOG_LEVEL": "LOUD"}, ["KSERVE_API_PORT", "KSERVE_API_LOG_LEVEL"]),
        ({"KSERVE_API_KUBECONFIG": "/does/not/exist"}, ["/does/not/exist cannot be used: there is no such file"]),
        ({"KSERVE_API_TENANTS_FILE": "/does/not/exist"}, ["/does/not/exist"]),
        ({"KSERVE_API_PORT": str(0)}, ["outside a pod set KSERVE_API_KUBECONFIG"]),
    ],
    ids=["no-tenants", "open-to-a-network", "wrong-values", "no-kubeconfig", "no-tenants-file", "no-cluster"],
)
def test_what_is_wrong_is_told_in_lines(
    environment: dict[str, str], told: list[str], monkeypatch: pytest.MonkeyPatch, root_logging: None
) -> None:
    for name in ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"KSERVE_API_PORT": "0", **environment}.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(kserve_api, ["up"])
    assert done.exit_code == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("The deploy API does not start: ")]
    assert len(lines) == len(told)
    for line, part in zip(lines, told, strict=True):
        assert part in line


def test_a_process_that_cannot_start_shows_no_traceback() -> None:
    services = Path(__file__).parents[2]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(services), "KSERVE_API_ENVIRONMENT": "production"}
    command = [sys.executable, "-m", "kserve_api", "up"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_made_key_fits_into_the_tenants_file() -> None:
    """KS-08: the key is shown once, its digest is what is kept."""
    done = CliRunner().invoke(kserve_api, ["key", "ci"])
    entry = yaml.safe_load(done.stdout)
    text = yaml.safe_dump({"tenants": [{"name": "acme", "namespaces": ["team-a"], "keys": entry}]})
    made = done.stderr.split()[-1]
    assert parse_tenants(text, Settings()).by_name["acme"].keys[0].digest == hashlib.sha256(made.encode()).digest()


@pytest.fixture
def root_logging() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    logging.captureWarnings(False)
    root.setLevel(level)
    root.handlers = handlers
