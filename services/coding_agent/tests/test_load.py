"""Fifty clients at once: how long a request for a job takes, and how much memory a replica has then."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from coding_agent.tests.running_agent import API_KEY, open_folder, running_agent

_RESULTS = Path(__file__).parents[3] / "benchmarks" / "soak" / "coding_agent_load.json"
_CLIENTS = 50


def resident_mb(pid: int) -> float:
    """Return the largest resident memory that a process ever had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM")


def measure(requests_each: int, pause_s: float) -> dict[str, object]:
    """Let the clients ask two replicas, each request for another issue; return milliseconds and megabytes."""
    seconds: list[float] = []
    refused: list[str] = []
    lock = threading.Lock()

    def ask(client_number: int, url: str) -> None:
        with httpx.Client(base_url=url, headers={"X-API-Key": API_KEY}, timeout=30) as client:
            client.get("/healthz")
            for number in range(requests_each):
                issue = f"https://github.com/acme/app/issues/{1 + client_number * requests_each + number}"
                began = time.perf_counter()
                answered = client.post("/fix-issue", json={"issue_url": issue})
                took = time.perf_counter() - began
                with lock:
                    seconds.append(took)
                    if answered.status_code != 202:
                        refused.append(answered.text)
                time.sleep(pause_s)

    with open_folder() as folder, running_agent(folder, "", replicas=2, workers=0) as agent:
        threads = [threading.Thread(target=ask, args=(each, agent.urls[each % 2])) for each in range(_CLIENTS)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took_s = time.monotonic() - began
        memory = max(resident_mb(process.pid) for process in agent.processes.values())
    assert refused == []
    seconds.sort()
    return {
        "clients": _CLIENTS,
        "replicas": 2,
        "requests": len(seconds),
        "requests_per_s": round(len(seconds) / took_s, 1),
        "p50_ms": round(seconds[len(seconds) // 2] * 1000, 1),
        "p95_ms": round(seconds[int(len(seconds) * 0.95)] * 1000, 1),
        "p99_ms": round(seconds[int(len(seconds) * 0.99)] * 1000, 1),
        "replica_peak_rss_mb": round(memory, 1),
    }


@pytest.mark.soak
def test_requests_of_fifty_clients_are_answered_within_200_ms() -> None:
    closed = measure(40, 0.0)
    paced = measure(40, 0.5)
    record = {
        "what": "POST /fix-issue of 50 clients, Redis with appendfsync always, load and service on the same cores",
        "command": "make soak-services",
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "back_to_back": closed,
        "a_request_each_half_second": paced,
    }
    _RESULTS.write_text(json.dumps(record, indent=2) + "\n")
    assert float(str(paced["p95_ms"])) < 200
    assert float(str(closed["replica_peak_rss_mb"])) <= 150
