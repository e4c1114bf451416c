"""The tables in docs/latency.md are those of the committed results; a delayed way delays and counts as it says."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.latency_proxy import Traffic, delayed
from benchmarks.latency_tables import tables
from tests.model_servers import Reply, ScriptedModelServer

_ROOT = Path(__file__).parents[3]


def test_document_has_the_tables_of_the_results() -> None:
    results = [json.loads((_ROOT / "benchmarks" / f"latency_legs{name}.json").read_text()) for name in ("_before", "")]
    assert tables(*results) in (_ROOT / "docs" / "latency.md").read_text(encoding="utf-8")


def test_way_takes_a_round_trip_for_a_request_and_another_for_its_connection() -> None:
    with ScriptedModelServer() as server, delayed(server.url, 40) as way:
        server.script(Reply(status=400, body=b"{}"))
        connection = http.client.HTTPConnection(urlsplit(way.url).netloc, timeout=5)
        taken_s = []
        for _ in range(2):
            began = time.perf_counter()
            connection.request("POST", "/v1/chat/completions?key=x", body=b"{}")
            connection.getresponse().read()
            taken_s.append(time.perf_counter() - began)
        connection.close()
        traffic = way.taken()
    assert taken_s[0] >= 0.16
    assert 0.08 <= taken_s[1] < 0.16
    assert (traffic.connects, traffic.requests) == (1, ("POST /v1/chat/completions",) * 2)
    assert way.taken() == Traffic(0, (), 0)
