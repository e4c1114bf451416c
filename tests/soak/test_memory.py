"""FINRAG_SOAK_QUERIES mixed requests: no 5xx, always healthy, and the memory after the first tenth does not grow.

FINRAG_SOAK_STORE names another store than the samples'.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import httpx
import pytest

from tests.local_processes import serve_backend
from tests.soak.callers import CALLERS, Caller, anonymous_megabytes, drawn_requests, growth_percent, send_all
from tests.soak.many_clients import percentile, probed
from tests.soak.results import number_setting, write_result

pytestmark = pytest.mark.soak

WARM_SHARE = 0.1
MAX_GROWTH_PERCENT = 5.0
SHOWN_READINGS = 100


def test_memory_does_not_grow_under_mixed_queries(sample_store: Path, tmp_path: Path) -> None:
    number, sequence = number_setting("FINRAG_SOAK_QUERIES", 20_000), number_setting("FINRAG_SOAK_SEED", 1)
    store = os.environ.get("FINRAG_SOAK_STORE", str(sample_store))
    started = time.monotonic()
    limits = httpx.Limits(max_connections=CALLERS + 1)
    with (
        serve_backend(store, tmp_path, LOG_LEVEL="warning") as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=60, limits=limits) as client,
    ):
        at_start = anonymous_megabytes(server.process.pid)
        caller = Caller(client)
        requests = drawn_requests(client, sequence, number)
        with probed(server.url) as probes:
            megabytes = send_all(caller, requests, server.process.pid)
    before, after, growth = growth_percent(megabytes, WARM_SHARE)
    findings = [*caller.findings.values(), *({"what": failure} for failure in probes.failures)]
    if growth > MAX_GROWTH_PERCENT:
        findings.append({"what": f"anonymous memory rose from {before:.1f} to {after:.1f} MiB"})
    counts = {
        "requests": caller.statuses.total(),
        "statuses": {str(status): times for status, times in sorted(caller.statuses.items())},
        "p50_ms": round(percentile(caller.milliseconds, 50), 1),
        "p99_ms": round(percentile(caller.milliseconds, 99), 1),
        "health_probes": len(probes.milliseconds),
        "health_failures": len(probes.failures),
        "health_worst_ms": round(max(probes.milliseconds), 1),
        "anonymous_mib": {
            "at_start": round(at_start, 1),
            "after_warm_up": round(before, 1),
            "at_end": round(after, 1),
            "most": round(max(megabytes), 1),
        },
        "growth_after_warm_up_percent": round(growth, 2),
        "readings_mib": [round(value) for value in megabytes[:: max(1, len(megabytes) // SHOWN_READINGS)]],
    }
    settings = {"FINRAG_SOAK_QUERIES": number, "FINRAG_SOAK_SEED": sequence}
    write_result("memory", settings, time.monotonic() - started, counts, findings)
    assert not findings, findings
