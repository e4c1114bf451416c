"""FINRAG_SOAK_QUERIES mixed requests to the back end as production starts it: no 5xx, no growth, always healthy."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.local_processes import Server, serve_backend
from tests.soak.mixed_requests import Request, draw_request
from tests.soak.results import number_setting, write_result

pytestmark = pytest.mark.soak

CALLERS = 4
PROBE_EVERY_S = 0.5
WARM_SHARE = 0.1
MAX_GROWTH_MB = 24.0
SAMPLES_OF_A_RUN = 20


class Caller:
    """Sends requests and keeps what was wrong with the answers."""

    def __init__(self, client: httpx.Client) -> None:
        self.statuses: Counter[int] = Counter()
        self.milliseconds: list[float] = []
        self.findings: dict[str, dict[str, Any]] = {}
        self._client = client
        self._lock = threading.Lock()

    def send(self, request: Request) -> None:
        """Send one request; a refusal because of load (429) is an answer."""
        started = time.perf_counter()
        response = self._client.request(request.method, request.path, content=request.content, headers=request.headers)
        milliseconds = (time.perf_counter() - started) * 1000
        status = response.status_code
        with self._lock:
            self.statuses[status] += 1
            if request.path == "/query" and status == httpx.codes.OK:
                self.milliseconds.append(milliseconds)
            if status >= 500:
                self._find(f"status {status}", request)
            elif request.is_wrong and status < 400:
                self._find("a wrong request was accepted", request)
            elif not request.is_wrong and status not in (200, 429):
                self._find(f"a good request got {status}", request)

    def probe(self) -> None:
        """Ask for the health; anything but 200 is a finding."""
        response = self._client.get("/health")
        if response.status_code != httpx.codes.OK:
            with self._lock:
                self._find(f"/health answered {response.status_code}", Request("GET", "/health"))

    def _find(self, what: str, request: Request) -> None:
        first = f"{request.method} {request.path} {(request.content or b'')[:300]!r}"
        finding = self.findings.setdefault(what, {"what": what, "times": 0, "first": first})
        finding["times"] += 1


def test_back_end_stays_healthy_and_does_not_grow_under_mixed_load(sample_store: Path, tmp_path: Path) -> None:
    count, sequence = number_setting("FINRAG_SOAK_QUERIES", 2000), number_setting("FINRAG_SOAK_SEED", 1)
    started = time.monotonic()
    limits = httpx.Limits(max_connections=CALLERS + 1)
    with (
        serve_backend(str(sample_store), tmp_path, LOG_LEVEL="warning") as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=60, limits=limits) as client,
    ):
        caller = Caller(client)
        requests = _draw(client, random.Random(sequence), count)
        with _probed(caller) as probes:
            anonymous_mb = _send_all(server, caller, requests)
    warm, last = _levels(anonymous_mb)
    if last - warm > MAX_GROWTH_MB:
        caller.findings["growth"] = {"what": f"anonymous memory rose from {warm:.1f} to {last:.1f} MB"}
    counts = {
        "requests": caller.statuses.total(),
        "statuses": {str(status): times for status, times in sorted(caller.statuses.items())},
        "health_probes": len(probes),
        "p50_ms": round(statistics.median(caller.milliseconds), 1),
        "p95_ms": round(statistics.quantiles(caller.milliseconds, n=20)[-1], 1),
        "anonymous_mb": [round(value, 1) for value in anonymous_mb],
        "growth_after_warm_up_mb": round(last - warm, 1),
        "growth_after_warm_up_percent": round(100 * (last - warm) / warm, 1),
    }
    settings = {"FINRAG_SOAK_QUERIES": count, "FINRAG_SOAK_SEED": sequence}
    findings = list(caller.findings.values())
    write_result("backend_load", settings, time.monotonic() - started, counts, findings)
    assert not findings, findings


def _levels(anonymous_mb: list[float]) -> tuple[float, float]:
    """Return the median of the first and of the last third after the warm-up.

    Single readings are no measure: with questions under way, they differ by 40 MB from one to the next.
    """
    steady = anonymous_mb[round(WARM_SHARE * SAMPLES_OF_A_RUN) :]
    third = len(steady) // 3
    return statistics.median(steady[:third]), statistics.median(steady[-third:])


def _draw(client: httpx.Client, chooser: random.Random, count: int) -> list[Request]:
    companies = client.get("/catalog").raise_for_status().json()["companies"]
    accessions = [filing["accession"] for company in companies for filing in company["filings"]]
    passage_ids = [f"{accession}-{position:05d}" for accession in accessions for position in range(20)]
    return [draw_request(chooser, companies, passage_ids) for _ in range(count)]


def _send_all(server: Server, caller: Caller, requests: list[Request]) -> list[float]:
    """Return the anonymous memory in MiB before the first request and after each twentieth of them."""
    anonymous_mb = [_anonymous_mb(server.process.pid)]
    bounds = [len(requests) * step // SAMPLES_OF_A_RUN for step in range(SAMPLES_OF_A_RUN + 1)]
    with ThreadPoolExecutor(CALLERS) as pool:
        for start, end in pairwise(bounds):
            list(pool.map(caller.send, requests[start:end]))
            anonymous_mb.append(_anonymous_mb(server.process.pid))
    return anonymous_mb


@contextmanager
def _probed(caller: Caller) -> Iterator[list[float]]:
    """Ask for the health all through the block; yields the times of the probes."""
    probes: list[float] = []
    over = threading.Event()

    def probe() -> None:
        while not over.wait(PROBE_EVERY_S):
            caller.probe()
            probes.append(time.monotonic())

    with ThreadPoolExecutor(1) as pool:
        probing = pool.submit(probe)
        try:
            yield probes
        finally:
            over.set()
            probing.result()


def _anonymous_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("smaps_rollup names no anonymous memory")
