"""A real Redis with its data in a folder, which can be killed and started again on the same port."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.local_processes import end, free_port

__all__ = ["DurableRedis"]

_START_S = 30.0


class DurableRedis:
    """Runs redis-server on loopback as the one pod of a StatefulSet does, with its data in `folder`."""

    def __init__(self, folder: Path, *options: str) -> None:
        if missing := [name for name in ("redis-server", "redis-cli") if shutil.which(name) is None]:
            pytest.skip(f"{missing[0]} is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._options = options
        self.port = free_port()
        self.process = self._start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> DurableRedis:
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        end(self.process)

    def ask(self, *command: str) -> str:
        """Return what redis-cli prints for a command."""
        asked = subprocess.run(
            ["redis-cli", "-p", str(self.port), *command], capture_output=True, text=True, check=True, timeout=30
        )
        return asked.stdout.strip()

    def kill(self) -> None:
        """Kill the process as a machine's end would, and wait for that."""
        self.process.kill()
        self.process.wait(_START_S)

    def restart(self) -> None:
        """Start it again on its data; what it answers meanwhile is refused or LOADING."""
        self.process = self._start()

    def wait(self) -> None:
        """Return when it answers PONG."""
        deadline = time.monotonic() + _START_S
        while self.process.poll() is None and time.monotonic() < deadline:
            asked = subprocess.run(
                ["redis-cli", "-p", str(self.port), "ping"], capture_output=True, text=True, check=False, timeout=30
            )
            if asked.stdout.strip() == "PONG":
                return
            time.sleep(0.02)
        raise AssertionError((self._folder / "redis.log").read_text())

    def _start(self) -> subprocess.Popen[bytes]:
        place = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder)]
        with (self._folder / "redis.log").open("ab") as log:
            return subprocess.Popen(["redis-server", *place, *self._options], stdout=log, stderr=log)
