"""FINRAG_SOAK_CLIENTS clients for FINRAG_SOAK_SECONDS: healthy all the time, quick for who is let in, fair to all.

How long a question takes alone is measured first, with one client, for a fifth of the time. FINRAG_SOAK_STORE names
another store than the samples'; FINRAG_SOAK_IMPATIENT of the clients ask again at once when they are refused.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.event_loops import run
from tests.local_processes import serve_backend
from tests.soak.many_clients import Client, ask_for, fairness, percentile, probed
from tests.soak.results import number_setting, write_result

pytestmark = pytest.mark.soak

MAX_SLOWER = 4.0
MIN_FAIRNESS = 0.9
WARM_UP_S = 5.0


def test_fifty_clients_are_answered_fairly_and_the_health_never_starves(sample_store: Path, tmp_path: Path) -> None:
    seconds, count = number_setting("FINRAG_SOAK_SECONDS", 300), number_setting("FINRAG_SOAK_CLIENTS", 50)
    impatient = number_setting("FINRAG_SOAK_IMPATIENT", 0)
    store = os.environ.get("FINRAG_SOAK_STORE", str(sample_store))
    started = time.monotonic()
    alone = Client("127.0.1.1")
    clients = [Client(f"127.0.2.{1 + n}", heeds_retry_after=n >= impatient) for n in range(count)]
    with serve_backend(store, tmp_path, FINRAG_ANSWER_CACHE_MB="0", LOG_LEVEL="warning") as server:
        companies = httpx.get(f"{server.url}/catalog", trust_env=False).raise_for_status().json()["companies"]
        run(ask_for(server.url, WARM_UP_S, [Client("127.0.3.1")], companies))
        run(ask_for(server.url, seconds / 5, [alone], companies))
        with probed(server.url) as probes:
            run(ask_for(server.url, seconds, clients, companies))
    served = [len(client.milliseconds) for client in clients]
    admitted = [ms for client in clients for ms in client.milliseconds]
    slower = percentile(admitted, 99) / percentile(alone.milliseconds, 99)
    waits = sum((client.waits_s for client in clients), Counter[int]())
    counts = {
        "clients": count,
        "alone": _times(alone.milliseconds),
        "admitted": _times(admitted),
        "p99_admitted_to_p99_alone": round(slower, 2),
        "refused_with_429": sum(client.refused for client in clients),
        "retry_after_s": dict(sorted(waits.items())),
        "served_per_client": {"least": min(served), "most": max(served), "jain": round(fairness(served), 4)},
        "health_probes": len(probes.milliseconds),
        "health_failures": len(probes.failures),
        "health_p99_ms": round(percentile(probes.milliseconds, 99), 1),
        "health_worst_ms": round(max(probes.milliseconds), 1),
    }
    findings = [{"what": failure} for client in [alone, *clients] for failure in client.failures]
    findings += [{"what": failure} for failure in probes.failures]
    if slower > MAX_SLOWER:
        findings.append({"what": f"the slowest admitted answers take {slower:.2f} times those of a server at rest"})
    if not impatient and fairness(served) < MIN_FAIRNESS:
        findings.append({"what": f"answers were not shared evenly: {sorted(served)}"})
    settings: dict[str, int | str] = {"FINRAG_SOAK_SECONDS": seconds, "FINRAG_SOAK_CLIENTS": count}
    settings |= {"FINRAG_SOAK_IMPATIENT": impatient} if impatient else {}
    write_result("clients_50", settings, time.monotonic() - started, counts, findings)
    assert not findings, findings


def _times(milliseconds: list[float]) -> dict[str, float]:
    return {
        "answers": len(milliseconds),
        "p50_ms": round(percentile(milliseconds, 50), 1),
        "p99_ms": round(percentile(milliseconds, 99), 1),
        "worst_ms": round(max(milliseconds), 1),
    }
