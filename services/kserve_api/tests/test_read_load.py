"""Fifty clients that read, against service and fake cluster as processes and threads of one machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from kserve_api.tests.process_memory import memory_mb
from kserve_api.tests.running_api import ACCOUNT, IMAGE, TENANTS, key_of, roles, running_process, tenants_file
from kserve_api.tests.running_cluster import running_cluster

_CLIENTS = 50
_SECONDS = 60
_PAUSE_S = 0.25


@pytest.mark.soak
def test_reads_of_fifty_clients_are_fast_and_take_little_memory(tmp_path: Path) -> None:
    """KS-05: p95 of lists and details within 100 ms, RSS within 130 MB."""
    namespaces = sorted({name for tenant in TENANTS for name in tenant["namespaces"]})
    with running_cluster(namespaces=namespaces, rbac=[roles(tmp_path, namespaces)]) as cluster:
        environment = {
            "environment": "production",
            "tenants_file": str(tenants_file(tmp_path)),
            "kubeconfig": str(cluster.kubeconfig(ACCOUNT, tls=False)),
        }
        with running_process(environment, tmp_path) as (url, process):
            headers = {"X-API-Key": key_of("acme")}
            with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
                for number in range(10):
                    body = {"name": f"app-{number}", "image": IMAGE}
                    assert client.post("/deploy", json=body).status_code == 201
            cluster.settle()
            numbers = [str(_CLIENTS), str(_SECONDS), str(_PAUSE_S)]
            command = [sys.executable, "-m", "kserve_api.tests.read_load", url, key_of("acme"), *numbers]
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS + 120, check=False)
            assert done.returncode == 0, done.stderr
            used = memory_mb(process.pid)
    times = sorted(json.loads(done.stdout))
    p95 = times[int(len(times) * 0.95)] * 1000
    print(f"{len(times)} reads, p50 {times[len(times) // 2] * 1000:.0f} ms, p95 {p95:.0f} ms, RSS {used:.0f} MB")  # noqa: T201
    assert p95 <= 100
    assert used <= 130
