"""A role as a process, as operators run it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

__all__ = ["RunningRole", "running_role"]

_SERVICES = Path(__file__).parents[2]
_START_S = 60.0
# Each role says where it listens.
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class RunningRole:
    """A process of a role (`worker`, `api`); its log is a file."""

    def __init__(self, role: str, environment: Mapping[str, str], folder: Path) -> None:
        self.log = folder / f"{role}-{os.urandom(4).hex()}.log"
        given = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHONPATH": str(_SERVICES),
            "SCHEDULER_PORT": "0",
            "SCHEDULER_WORKER_PORT": "0",
            "SCHEDULER_ALLOW_PRIVATE_TARGETS": "true",
            "SCHEDULER_SPOOL_DIR": str(folder / "spool"),
            **environment,
        }
        with self.log.open("wb") as written:
            command = [sys.executable, "-m", "scheduler", role]
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
                if found := _ADDRESS.search(line):
                    return found.group()
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the role did not start: {self.log.read_text()[-3000:]}")


@contextlib.contextmanager
def running_role(role: str, environment: Mapping[str, str], folder: Path) -> Iterator[RunningRole]:
    """Run a role with these settings (as variables) until the end of the block."""
    running = RunningRole(role, environment, folder)
    try:
        yield running
    finally:
        running.kill()
