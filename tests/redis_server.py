"""A real Redis for tests on a free port of loopback; it can be killed, and be there again at the same address."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.local_processes import end, free_port, wait_until

__all__ = ["RedisServer", "redis_server"]


class RedisServer:
    """A server that keeps nothing on disk: killed, it has forgotten everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for FINRAG_SHARED_REDIS."""
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it; returns once it answers. Skips the test where Debian's redis-server is not installed."""
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("redis-server is not installed")
        options = ["--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(self._folder), "--save", ""]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([program, *options], stdout=log, stderr=log)
        wait_until(self._answers, "redis-server answers")

    def kill(self) -> None:
        """End it without a chance to say goodbye."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Have it take what it is sent, and answer when the block has ended."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def empty(self) -> None:
        """Have it forget everything."""
        assert self._says(b"FLUSHALL").startswith(b"+OK")

    def limit_memory(self, max_bytes: int) -> None:
        """Have it take nothing more beyond so many bytes; 0 sets no limit."""
        assert self._says(b"CONFIG SET maxmemory %d" % max_bytes).startswith(b"+OK")

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            end(self._process)

    def _answers(self) -> bool:
        try:
            return self._says(b"PING").startswith(b"+PONG")
        except OSError:
            return False

    def _says(self, command: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self._port), 5) as connection:
            connection.sendall(command + b"\r\n")
            return connection.recv(64)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One for all tests of a process, which use other keys each and leave it running."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()
