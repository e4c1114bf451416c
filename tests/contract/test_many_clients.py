"""Fifty clients at once for a few seconds: the probes answer, nothing fails, and who is refused is told when to return.

`tests/soak/test_clients_50.py` does it for minutes, and measures how much longer an answer takes than alone.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import httpx

from serving.backend.fair_share import MAX_RETRY_AFTER_S
from tests.event_loops import run
from tests.local_processes import serve_backend
from tests.soak.callers import Caller, drawn_requests, send_all
from tests.soak.many_clients import Client, ask_for, probed

CLIENTS = 50
SECONDS = 4.0
MIXED_REQUESTS = 100


def test_fifty_clients_starve_no_probe_and_mixed_requests_get_no_5xx(sample_store: Path, tmp_path: Path) -> None:
    clients = [Client(f"127.0.2.{1 + number}") for number in range(CLIENTS)]
    with (
        serve_backend(str(sample_store), tmp_path, FINRAG_ANSWER_CACHE_MB="0", LOG_LEVEL="warning") as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client,
    ):
        companies = client.get("/catalog").raise_for_status().json()["companies"]
        with probed(server.url) as probes:
            run(ask_for(server.url, SECONDS, clients, companies))
            caller = Caller(client)
            megabytes = send_all(caller, drawn_requests(client, 1, MIXED_REQUESTS), server.process.pid)
    assert [failure for client in clients for failure in client.failures] == []
    assert not probes.failures
    assert probes.milliseconds
    assert not caller.findings
    assert megabytes
    waits = sum((client.waits_s for client in clients), Counter[int]())
    assert waits
    assert 1 <= min(waits) <= max(waits) <= MAX_RETRY_AFTER_S
    assert any(client.milliseconds for client in clients)
