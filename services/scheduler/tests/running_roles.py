"""The roles as operators run them: a process each, of `python -m scheduler`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

__all__ = ["Role", "running_role"]

_SERVICES = Path(__file__).resolve().parents[2]
_START_S = 60.0
_STOP_S = 60.0


class Role:
    """An API replica or a worker with its own port; it can be killed and started again at the same port."""

    def __init__(self, role: str, settings: Mapping[str, str], folder: Path, *, port: int) -> None:
        self.role = role
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / f"{role}-{port}.log"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SCHEDULER_")}
        named = {f"SCHEDULER_{name.upper()}": value for name, value in settings.items()}
        listening = {"SCHEDULER_PORT" if role == "api" else "SCHEDULER_WORKER_PORT": str(port)}
        self._environment = {**inherited, "PYTHONPATH": str(_SERVICES), **named, **listening}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process of the last start."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True) -> None:
        """Start it; `wait`: until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scheduler", self.role],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if wait:
            self.await_health()

    def await_health(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + _START_S
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/health", timeout=2).status_code == httpx.codes.OK:
                    return
            assert self._process is not None
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """Ask it to end, as Kubernetes does; return its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
        return self._process.wait(_STOP_S)

    def log(self) -> str:
        """What it wrote, over all its starts."""
        return self._log.read_text(errors="replace")


@contextlib.contextmanager
def running_role(role: str, settings: Mapping[str, str], folder: Path, *, port: int) -> Iterator[Role]:
    """Run a role and end it afterwards."""
    started = Role(role, settings, folder, port=port)
    started.start()
    try:
        yield started
    finally:
        started.stop()
