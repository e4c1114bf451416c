"""A real redis-server for tests: on a free loopback port, killed and restarted as a test wants, over TLS too."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from scheduler.queueing.redis_address import RedisAddress
from scheduler.settings import Settings
from scheduler.tests.certificates import Certificates, make_certificates

__all__ = ["RunningRedis", "free_port", "running_redis"]

_START_S = 30.0
_PASSWORD = "loopback-only"  # pragma: allowlist secret


@dataclass
class RunningRedis:
    """A redis-server of this test. `kill` is SIGKILL; `start` goes on with what the append-only file holds."""

    port: int
    folder: Path
    append_only: bool
    certificates: Certificates | None = None
    password: str | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """The address as a setting: rediss:// where the server speaks TLS."""
        scheme = "rediss" if self.certificates else "redis"
        return f"{scheme}://{f':{self.password}@' if self.password else ''}127.0.0.1:{self.port}/0"

    @property
    def address(self) -> RedisAddress:
        """The address as the code under test takes it."""
        return RedisAddress(self.url, ca_file=self.certificates.ca if self.certificates else None)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a process that uses this server."""
        settings = {"SCHEDULER_REDIS_URL": self.url}
        if self.certificates:
            settings["SCHEDULER_REDIS_CA_FILE"] = str(self.certificates.ca)
        return settings

    def settings(self, **others: object) -> Settings:
        """Settings with this server's address, and others."""
        ca_file = self.certificates.ca if self.certificates else None
        return Settings.model_validate({"redis_url": SecretStr(self.url), "redis_ca_file": ca_file, **others})

    @property
    def pid(self) -> int:
        """The process; raises AssertionError while it is not running."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers with all data read."""
        assert self._process is None, "it runs"
        self._process = subprocess.Popen(self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + _START_S
        while not self._answers():
            assert self._process.poll() is None, f"redis-server ended: {(self.folder / 'log').read_text()}"
            assert time.monotonic() < end, "redis-server does not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        """End the server as the kernel does when memory runs out."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the server in order, if it runs."""
        if self._process is not None:
            self._end(signal.SIGTERM)

    def _end(self, signal_number: int) -> None:
        assert self._process is not None
        self._process.send_signal(signal_number)
        self._process.wait(_START_S)
        self._process = None

    def _command(self) -> list[str]:
        command = ["redis-server", "--dir", str(self.folder), "--logfile", str(self.folder / "log"), "--save", ""]
        command += ["--bind", "127.0.0.1", "--maxmemory-policy", "noeviction"]
        if self.append_only:
            command += ["--appendonly", "yes", "--appendfsync", "always"]
        if self.password:
            command += ["--requirepass", self.password]
        if self.certificates is None:
            return [*command, "--port", str(self.port)]
        tls = self.certificates
        command += ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"]
        command += ["--tls-cert-file", str(tls.certificate), "--tls-key-file", str(tls.key)]
        return [*command, "--tls-ca-cert-file", str(tls.ca)]

    def _answers(self) -> bool:
        login = f"AUTH {self.password}\r\n".encode() if self.password else b""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as plain, self._wrapped(plain) as stream:
                stream.sendall(login + b"PING\r\n")
                answered = b""
                while not answered.endswith(b"+PONG\r\n"):
                    received = stream.recv(200)
                    if not received or b"LOADING" in received:
                        return False
                    answered += received
                return True
        except OSError:
            return False

    def _wrapped(self, plain: socket.socket) -> socket.socket:
        if self.certificates is None:
            return plain
        context = ssl.create_default_context(cafile=str(self.certificates.ca))
        return context.wrap_socket(plain, server_hostname="127.0.0.1")


@contextlib.contextmanager
def running_redis(
    folder: Path | None = None, *, append_only: bool = False, tls: bool = False, password: bool = False
) -> Iterator[RunningRedis]:
    """Run a server until the end of the block. `append_only` writes every change to disk before it is answered."""
    own = Path(tempfile.mkdtemp(prefix="redis-")) if folder is None else folder / f"redis-{os.urandom(4).hex()}"
    own.mkdir(exist_ok=True)
    certificates = make_certificates(own) if tls else None
    server = RunningRedis(free_port(), own, append_only, certificates, _PASSWORD if password else None)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(own, ignore_errors=True)


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
