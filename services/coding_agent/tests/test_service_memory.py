"""The service as a process: how it starts and ends, and how much memory it takes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from coding_agent.tests.redis_server import free_port, redis_server

_SERVICES = Path(__file__).parents[2]
_LIMIT_MB = 150
# What other machines and libraries of another day may add.
_MARGIN_MB = 20


def _memory_mb(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from Linux' /proc")
def test_the_service_with_redis_stays_within_150_megabytes_and_ends_when_told(tmp_path: Path) -> None:
    port = free_port()
    with redis_server(tmp_path) as store:
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHONPATH": str(_SERVICES),
            "CODING_AGENT_STORE": store,
            "CODING_AGENT_WORKERS": "0",
            "CODING_AGENT_REPOSITORIES": "acme/*",
            "CODING_AGENT_RATE_LIMIT_PER_KEY": "100000/minute",
            "CODING_AGENT_RATE_LIMIT_PER_REPOSITORY": "100000/hour",
        }
        command = [sys.executable, "-m", "coding_agent", "up", "--port", str(port)]
        with (
            (tmp_path / "log").open("wb") as log,
            subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=log) as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
        ):
            try:
                _wait(client, process)
                for number in range(1, 101):
                    url = f"https://github.com/acme/app/issues/{number}"
                    assert client.post("/fix-issue", json={"issue_url": url}).status_code == 202
                    assert client.get("/jobs", params={"limit": 200}).status_code == 200
                assert client.get("/metrics").status_code == 200
                used = _memory_mb(process.pid)
                job_id = client.get("/jobs").json()["jobs"][0]["job_id"]
                with client.stream("GET", f"/jobs/{job_id}/events") as stream:
                    assert next(stream.iter_lines())
                    # An open stream does not hold up the end.
                    process.send_signal(signal.SIGTERM)
                    told = time.monotonic()
                    assert process.wait(60) in {0, -signal.SIGTERM}
                    assert time.monotonic() - told < 8
            finally:
                process.kill()
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines() if line.startswith("{")]
    assert lines
    assert used <= _LIMIT_MB - _MARGIN_MB, f"{used:.0f} MB"


def _wait(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the service did not start")
