"""FINRAG_SOAK_SESSIONS readers at once, each asking FINRAG_SOAK_TURNS questions: all answered, within the pod's memory.

The front end runs under its pod's limits where these can be set; the back end beside it is free.
"""

from __future__ import annotations

import statistics
import time
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest

from benchmarks.frontend_load import Load, run_sessions
from benchmarks.frontend_process import Frontend, serve_frontend
from benchmarks.pod_limits import limited, why_not_limited
from tests.event_loops import run
from tests.local_processes import serve_backend
from tests.soak.results import number_setting, write_result

pytestmark = pytest.mark.soak

POD_MEMORY_MB, POD_CPUS = 512, 0.25
MAX_RSS_MB = 260.0
# Sessions of closed tabs are let go after a while (server.disconnectedSessionTTL); what is left is no session's.
MAX_LEFT_MB = 60.0
LET_GO_AFTER_S = 45.0


def test_front_end_stays_small_under_many_sessions(sample_store: Path, tmp_path: Path) -> None:
    sessions, turns = number_setting("FINRAG_SOAK_SESSIONS", 25), number_setting("FINRAG_SOAK_TURNS", 10)
    obstacle = why_not_limited()
    started = time.monotonic()
    with (
        serve_backend(str(sample_store), tmp_path, FINRAG_ANSWER_CACHE_MB="0", LOG_LEVEL="warning") as backend,
        nullcontext() if obstacle else limited(POD_MEMORY_MB, POD_CPUS) as limits,
        serve_frontend(backend.url, tmp_path / "frontend.log", limits) as frontend,
    ):
        companies = httpx.get(f"{backend.url}/catalog", trust_env=False).raise_for_status().json()["companies"]
        idle_mb = frontend.rss_mb()
        load = run(run_sessions(frontend.url, companies, sessions, turns))
        peak_mb, libraries = frontend.peak_rss_mb(), frontend.heavy_libraries()
        time.sleep(LET_GO_AFTER_S)
        left_mb = frontend.rss_mb() - idle_mb
        open_sessions = _open_sessions(frontend)
        counts = {
            "limits": obstacle or f"{POD_MEMORY_MB} MiB, {POD_CPUS} CPU",
            "answered": len(load.turns),
            "refused_and_asked_again": load.refused,
            "charted_sessions": load.charted,
            "idle_rss_mb": idle_mb,
            "peak_rss_mb": peak_mb,
            "left_after_close_mb": round(left_mb, 1),
            "cpu_s": round(frontend.cpu_s(), 1),
            "killed": limits.kills() if limits else 0,
            **_answer_times(load),
        }
    findings = [{"what": failure} for failure in load.failures]
    findings += [{"what": f"{library} was loaded"} for library in libraries]
    if peak_mb > MAX_RSS_MB:
        findings.append({"what": f"resident memory rose to {peak_mb} MB"})
    if left_mb > MAX_LEFT_MB:
        findings.append({"what": f"{left_mb:.0f} MB stay after every session is closed"})
    if open_sessions:
        findings.append({"what": f"{open_sessions} sessions are kept after every tab is closed"})
    settings = {"FINRAG_SOAK_SESSIONS": sessions, "FINRAG_SOAK_TURNS": turns}
    write_result("frontend_sessions", settings, time.monotonic() - started, counts, findings)
    assert not findings, findings
    assert len(load.turns) == sessions * turns
    assert load.charted == sessions


def _answer_times(load: Load) -> dict[str, float]:
    seconds = [turn.seconds for turn in load.turns]
    return {"answered_p50_s": round(statistics.median(seconds), 2), "answered_worst_s": round(max(seconds), 2)}


def _open_sessions(frontend: Frontend) -> int:
    """Return how many sessions the front end holds, by its own count."""
    metrics = httpx.get(f"{frontend.url}/_stcore/metrics", trust_env=False).raise_for_status().text
    line = next(line for line in metrics.splitlines() if line.startswith("active_sessions "))
    return int(float(line.split()[1]))
