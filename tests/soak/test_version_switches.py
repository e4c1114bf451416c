"""Index versions are switched on S3 while clients ask all the time: no failed request, no memory, no file kept."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.constant_clients import constantly
from tests.contract.served_stores import index_on_s3
from tests.index_versions import TwoVersions, name_current
from tests.local_processes import Server, serve_backend, wait_until
from tests.soak.results import number_setting, write_result
from tests.switched_versions import Asker

pytestmark = pytest.mark.soak

CLIENTS = 8
ANSWERS_BETWEEN = 40
WARM_SWITCHES = 4
MAX_GROWTH_MB = 8.0


def test_switched_versions_fail_no_request_and_leave_nothing_behind(
    two_versions: TwoVersions, moto_endpoint: str, tmp_path: Path
) -> None:
    under_load = number_setting("FINRAG_SOAK_SWITCHES", 10)
    at_rest = number_setting("FINRAG_SOAK_SWITCHES_AT_REST", 20)
    started = time.monotonic()
    limits = httpx.Limits(max_connections=None)
    with (
        index_on_s3(two_versions.folder, moto_endpoint) as remote,
        serve_backend(
            remote.url,
            tmp_path,
            access=remote.access,
            FINRAG_REFRESH_S="0.2",
            FINRAG_ANSWER_CACHE_MB="1",
            LOG_LEVEL="warning",
        ) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=60, limits=limits) as client,
    ):
        asker = Asker(client, two_versions)

        def switch(number: int) -> float:
            version = (two_versions.smaller, two_versions.whole)[number % 2]
            began = time.monotonic()
            name_current(remote.store, version)
            wait_until(lambda: client.get("/health").json()["index_version"] == version, "the version is taken")
            return time.monotonic() - began

        with constantly(asker.ask, CLIENTS):
            loaded = [_use(server)]
            taken_after = []
            for number in range(under_load):
                taken_after.append(switch(number))
                asker.wait_for_answers(ANSWERS_BETWEEN)
                loaded.append(_use(server))
        resting = []
        for number in range(under_load, under_load + WARM_SWITCHES + at_rest):
            switch(number)
            for question in range(8):
                asker.ask(question)
            resting.append(_use(server))
    resting = resting[WARM_SWITCHES:]
    third = len(resting) // 3
    first, last = (
        statistics.median(use["anonymous_mb"] for use in uses) for uses in (resting[:third], resting[-third:])
    )
    growth_mb = last - first
    findings: list[dict[str, Any]] = [{"what": fault} for fault in asker.faults]
    if growth_mb > MAX_GROWTH_MB:
        findings.append({"what": f"anonymous memory rose by {growth_mb:.1f} MB in {at_rest} switches"})
    # The versions take turns, and one has a part more.
    if max(use["open_files"] for use in resting[-2:]) > max(use["open_files"] for use in resting[:2]):
        findings.append({"what": "files of closed versions stay open"})
    counts = {
        "answers": asker.versions.total(),
        "answers_by_version": dict(asker.versions),
        "switches_under_load": under_load,
        "seconds_until_taken": {"median": round(statistics.median(taken_after), 2), "most": round(max(taken_after), 2)},
        "p50_ms": round(statistics.median(asker.milliseconds), 1),
        "p95_ms": round(statistics.quantiles(asker.milliseconds, n=20)[-1], 1),
        "most_ms": round(max(asker.milliseconds), 1),
        "under_load": loaded,
        "switches_at_rest": at_rest,
        "at_rest": resting,
        "growth_at_rest_mb": round(growth_mb, 1),
    }
    settings = {"FINRAG_SOAK_SWITCHES": under_load, "FINRAG_SOAK_SWITCHES_AT_REST": at_rest}
    write_result("version_switches", settings, time.monotonic() - started, counts, findings)
    assert not findings, findings


def _use(server: Server) -> dict[str, float]:
    """Memory in MiB, of the process itself and with its share of mapped files, and the number of open files."""
    process = Path(f"/proc/{server.process.pid}")
    kilobytes = {
        line.split()[0]: int(line.split()[1]) for line in (process / "smaps_rollup").read_text().splitlines()[1:]
    }
    cache = [path for path in (process / "fd").iterdir() if "/cache/objects/" in _target(path)]
    return {
        "anonymous_mb": round(kilobytes["Anonymous:"] / 1024, 1),
        "resident_mb": round(kilobytes["Rss:"] / 1024, 1),
        "open_files": len(cache),
    }


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:  # closed meanwhile
        return ""
