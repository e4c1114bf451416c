"""The worker role as a process, as operators run it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

__all__ = ["RunningWorker", "running_worker_process"]

_SERVICES = Path(__file__).parents[2]
_START_S = 60.0


class RunningWorker:
    """A worker process; its log is a file."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.log = folder / f"worker-{os.urandom(4).hex()}.log"
        given = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHONPATH": str(_SERVICES),
            "SCHEDULER_WORKER_PORT": "0",
            "SCHEDULER_ALLOW_PRIVATE_TARGETS": "true",
            "SCHEDULER_SPOOL_DIR": str(folder / "spool"),
            **environment,
        }
        with self.log.open("wb") as written:
            command = [sys.executable, "-m", "scheduler", "worker"]
            self.process = subprocess.Popen(command, env=given, cwd=folder, stdout=written, stderr=written)
        self.url = self._address()

    def records(self) -> list[dict[str, object]]:
        """What the log says."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def health(self) -> dict[str, object]:
        """What `/health` says."""
        found: dict[str, object] = httpx.get(f"{self.url}/health").json()
        return found

    def wait_for(self, name: str, value: object, *, timeout_s: float = _START_S) -> None:
        """Return when `/health` says this."""
        deadline = time.monotonic() + timeout_s
        while (health := self.health())[name] != value:
            assert time.monotonic() < deadline, health
            time.sleep(0.05)

    def stop(self, timeout_s: float = _START_S) -> int:
        """Tell it to stop, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)

    def kill(self) -> None:
        """End it with SIGKILL, if it runs."""
        self.process.kill()
        self.process.wait()

    def _address(self) -> str:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in self.log.read_text().splitlines():
                if "health is at" in line:
                    return str(json.loads(line)["message"]).rpartition(" ")[2].removesuffix("/health")
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the worker did not start: {self.log.read_text()[-3000:]}")


@contextlib.contextmanager
def running_worker_process(environment: Mapping[str, str], folder: Path) -> Iterator[RunningWorker]:
    """Run a worker with these settings (as variables) until the end of the block."""
    worker = RunningWorker(environment, folder)
    try:
        yield worker
    finally:
        worker.kill()
