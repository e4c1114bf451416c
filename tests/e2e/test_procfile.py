"""The Procfile as it is, run by honcho, each process within the limits of its size: up, asked, and ended gently."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from benchmarks.pod_limits import limited, why_not_limited
from tests.local_processes import end, wait_until
from tests.procfile import APPLICATIONS, PODS, ask, commands, environment_of, free_base_port, is_healthy
from tests.sample_index import ROOT, linked_store, sample_store

__all__ = ["sample_store"]

HEALTHY_WITHIN_S = 60.0


@pytest.mark.skipif(bool(why_not_limited()), reason=why_not_limited() or "limits can be set")
def test_procfile_runs_within_the_limits_of_its_pods_and_ends_gently(sample_store: Path, tmp_path: Path) -> None:
    store = linked_store(sample_store, tmp_path / "store")
    base = free_base_port()
    urls = {"web": f"http://127.0.0.1:{base}", "frontend": f"http://127.0.0.1:{base + 100}"}
    log = tmp_path / "honcho.log"
    with ExitStack() as running:
        pods = {name: running.enter_context(limited(*PODS[name])) for name in APPLICATIONS}
        procfile = tmp_path / "Procfile"
        # Each joins its pod first, and then is what the Procfile says.
        lines = [f"{name}: {_joining(pods[name].enclose([]))}{command}" for name, command in commands().items()]
        procfile.write_text("\n".join(lines) + "\n")
        settings = environment_of(
            APPLICATIONS["web"],
            FINRAG_STORE=str(store),
            FINRAG_CACHE_DIR=str(tmp_path / "cache"),
            BACKEND_URL=urls["web"],
        )
        started = time.monotonic()
        with log.open("wb") as output:
            honcho = subprocess.Popen(
                [sys.executable, "-m", "honcho", "-d", str(ROOT), "-f", str(procfile), "start", "-p", str(base)],
                env=settings,
                stdout=output,
                stderr=output,
            )
        running.callback(end, honcho)
        for name, application in APPLICATIONS.items():
            wait_until(partial(is_healthy, application, urls[name]), f"{name} is healthy", HEALTHY_WITHIN_S)
        healthy_s = time.monotonic() - started

        answer = ask(urls["web"], "How many employees does Orquenna have in fiscal 2024?")
        assert answer["status"] == "answered"
        assert "2,475 employees" in answer["answer"]
        assert [pod.kills() for pod in pods.values()] == [0, 0]
        peaks = {name: pod.peak_mb() for name, pod in pods.items()}

        asked_to_end = time.monotonic()
        honcho.send_signal(signal.SIGTERM)
        code = honcho.wait(timeout=25)
        ended_s = time.monotonic() - asked_to_end
    words = log.read_text(errors="replace")
    sys.stdout.write(f"\nhealthy after {healthy_s:.1f} s, peaks {peaks} MiB, ended after {ended_s:.1f} s\n")
    assert code in {0, 128 + signal.SIGTERM}, words
    assert "Traceback" not in words
    assert "SIGKILL" not in words, "a shell stood between honcho and a server"
    assert list((store / "logs" / "queries").rglob("*.parquet")), "the question's log entry was not kept at the end"


def _joining(enclosing: list[str]) -> str:
    """Return what of a pod's enclosing shell stands before the command."""
    script = enclosing[2]
    return script.removesuffix('exec "$@"')
