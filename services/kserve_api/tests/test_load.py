"""Fifty clients at once against the service as a process, and the fake cluster as another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvloop

from kserve_api.tests.deployed_roles import deployed_roles
from kserve_api.tests.load_clients import Apps, Tally, ask_all
from kserve_api.tests.running_api import IMAGE, key_of, running_process, tenants_file

_RESULTS = Path(__file__).resolve().parents[3] / "benchmarks" / "soak" / "kserve_api_load.json"
_SERVICES = Path(__file__).resolve().parents[2]
_TENANTS = ({"name": "acme", "namespaces": ["team-a"]}, {"name": "globex", "namespaces": ["team-b"]})
_ACCOUNT = "kserve-api/kserve-api"
_START_S = 60.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the service, in MB: the most it ever had, and at the end."""

    peak: float
    end: float


@contextlib.contextmanager
def cluster_process(folder: Path) -> Iterator[Path]:
    """Run the fake cluster, with the roles of the manifests, as a process; the service's kubeconfig."""
    rbac = deployed_roles(folder, ["team-a", "team-b"])
    command = [sys.executable, "-m", "kserve_api.tests.fake_cluster", "--rbac", str(rbac), "--account", _ACCOUNT]
    told = folder / "cluster"
    environment = {**os.environ, "PYTHONPATH": str(_SERVICES)}
    with told.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, env=environment)
    try:
        deadline = time.monotonic() + _START_S
        while "KUBECONFIG=" not in told.read_text():
            assert process.poll() is None, told.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield Path(told.read_text().rpartition("KUBECONFIG=")[2].strip())
    finally:
        process.terminate()
        process.wait()


def measure(
    folder: Path, *, clients: int, apps: int, seconds: float, pauses_s: list[float]
) -> tuple[list[Tally], Memory]:
    """Deploy the apps in two tenants, then let the clients ask, once for each pause."""
    with cluster_process(folder) as kubeconfig:
        environment = {
            "tenants_file": str(tenants_file(folder, _TENANTS)),
            "kubeconfig": str(kubeconfig),
            "environment": "production",
        }
        with running_process(environment, folder) as (url, process):
            tenants = [_deployed(url, str(one["name"]), one["namespaces"][0], apps // 2) for one in _TENANTS]
            tallies = []
            for pause_s in pauses_s:
                asking = ask_all(url, tenants, clients=clients, seconds=seconds, pause_s=pause_s)
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    tallies.append(runner.run(asking))
            return tallies, _memory(process.pid)


def _deployed(url: str, tenant: str, namespace: str, number: int) -> Apps:
    names = [f"{tenant}-{each}" for each in range(number)]
    with httpx.Client(base_url=url, headers={"X-API-Key": key_of(tenant)}, timeout=60) as client:
        for name in names:
            body = {"name": name, "image": IMAGE, "envs": {"LEVEL": "0"}, "secret_envs": {"TOKEN": name * 2}}
            answer = client.post("/deploy", params={"wait": "true"}, json=body)
            assert answer.status_code == 201, answer.text
    return Apps(key_of(tenant), namespace, names, IMAGE)


def _memory(pid: int) -> Memory:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    peak, end = (round(int(lines[name].split()[0]) / 1024, 1) for name in ("VmHWM", "VmRSS"))
    return Memory(peak, end)


def test_clients_at_once_are_all_answered(tmp_path: Path) -> None:
    """KS-09: a small run of the load that `make soak-services` measures."""
    (tally,), memory = measure(tmp_path, clients=10, apps=4, seconds=2, pauses_s=[0.2])
    assert tally.errors == {}
    assert len(tally.reads) > 30
    assert memory.peak <= 200


@pytest.mark.soak
def test_reads_of_fifty_clients_are_answered_within_100_ms(tmp_path: Path) -> None:
    seconds = float(os.environ.get("KSERVE_API_SOAK_SECONDS", "60"))
    (paced, closed), memory = measure(tmp_path, clients=50, apps=40, seconds=seconds, pauses_s=[0.5, 0.0])
    record = {
        "what": "50 clients, 40 apps, 95 % reads, 5 % deploys; clients, service and fake cluster on the same cores",
        "command": "make soak-services",
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "seconds_each": seconds,
        "a_request_each_half_second": paced.figures(),
        "back_to_back": closed.figures(),
        "service_peak_rss_mb": memory.peak,
        "service_end_rss_mb": memory.end,
    }
    _RESULTS.write_text(json.dumps(record, indent=2) + "\n")
    assert paced.errors == closed.errors == {}
    assert paced.figures()["reads"]["p95_ms"] <= 100  # type: ignore[index]
    assert memory.peak <= 130
