"""The front end as production starts it, with the time it took to be healthy and what its process takes (/proc)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.pod_limits import PodLimits
from tests.local_processes import clean_environment, end, free_port
from tests.sample_index import ROOT

__all__ = ["HEAVY_LIBRARIES", "Frontend", "serve_frontend"]

# What a thin front end does without; each has compiled modules, which the process's memory map names.
HEAVY_LIBRARIES = ("numpy", "pandas", "polars", "pyarrow")
_HEALTHY_WITHIN_S = 60.0
_POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class Frontend:
    """A running front end; `healthy_s` is the time from its start to the body "ok" of its health."""

    url: str
    process: subprocess.Popen[bytes]
    healthy_s: float

    def rss_mb(self) -> float:
        """Return the resident memory now, in MiB."""
        return self._status_mb("VmRSS")

    def peak_rss_mb(self) -> float:
        """Return the most resident memory so far, in MiB."""
        return self._status_mb("VmHWM")

    def cpu_s(self) -> float:
        """Return the processor time used so far, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def heavy_libraries(self) -> list[str]:
        """Return which of `HEAVY_LIBRARIES` the process has loaded."""
        mapped = Path(f"/proc/{self.process.pid}/maps").read_text()
        return [name for name in HEAVY_LIBRARIES if re.search(rf"/site-packages/_?{name}/", mapped)]

    def _status_mb(self, field: str) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return round(next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024, 1)


@contextmanager
def serve_frontend(backend_url: str, log: Path, limits: PodLimits | None = None, **settings: str) -> Iterator[Frontend]:
    """Run the front end until the block ends, under `limits` if given; yields it once it is healthy.

    `settings` are variables of its environment.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "serving/frontend/chat.py", "--server.port", str(port)]
    started = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            limits.enclose(command) if limits else command,
            cwd=ROOT,
            env=clean_environment(BACKEND_URL=backend_url, **settings),
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, log)
        yield Frontend(url, process, round(time.perf_counter() - started, 2))
    finally:
        end(process)


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _HEALTHY_WITHIN_S
    with httpx.Client(trust_env=False, timeout=_HEALTHY_WITHIN_S) as client:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"the front end ended while starting: {log.read_text(errors='replace')}")
            try:
                if client.get(f"{url}/_stcore/health").text == "ok":
                    return
            except httpx.TransportError:
                pass
            time.sleep(_POLL_S)
    raise RuntimeError(f"the front end was not healthy within {_HEALTHY_WITHIN_S:g} s")
