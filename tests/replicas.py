"""Several replicas on this machine, as docs/scaling-replicas.md has them: nginx, front and back ends, a Redis."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.local_processes import Server, clean_environment, end, free_port, serve_backend, wait_until
from tests.redis_server import RedisServer
from tests.sample_index import ROOT

__all__ = ["Frontend", "Nginx", "Replica", "Replicas", "nginx_program", "replicas"]

# Beside clients at work on the same cores.
_START_S = 120.0
_COOKIE_SECRET = "the same for every front end of the tests"


def nginx_program() -> str:
    """Return nginx's path; skips the test where Debian's nginx is not installed."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    return program


class Replica:
    """One back end, which can be ended in either way and started again at the same address."""

    def __init__(self, store: Path, folder: Path, settings: dict[str, str]) -> None:
        self.port = free_port()
        self._store = store
        self._folder = folder
        self._settings = settings
        self._running = ExitStack()
        self._server: Server | None = None

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that runs."""
        assert self._server is not None
        return self._server.process

    @property
    def output(self) -> str:
        """What it has printed in all its lives."""
        assert self._server is not None
        return self._server.output

    def start(self) -> None:
        """Start it; returns when it is ready."""
        serving = serve_backend(str(self._store), self._folder, port=self.port, access=self._settings, start_s=_START_S)
        self._server = self._running.enter_context(serving)

    def stop(self) -> None:
        """End it as a platform does: told, and given time."""
        self._running.close()

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self._running.close()


class Frontend:
    """One front end; its sessions are gone when it is killed."""

    def __init__(self, backend_url: str, folder: Path) -> None:
        self.port = free_port()
        self._backend_url = backend_url
        self._log = folder / f"frontend-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; returns when it answers."""
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "serving/frontend/chat.py",
            "--server.port",
            str(self.port),
        ]
        environment = clean_environment(BACKEND_URL=self._backend_url, STREAMLIT_SERVER_COOKIE_SECRET=_COOKIE_SECRET)
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        wait_until(lambda: _answers(f"http://{self.address}/_stcore/health"), "the front end answers", _START_S)

    def kill(self) -> None:
        """End it without a word."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            end(self._process)


class Nginx:
    """nginx with the settings that render.py writes."""

    def __init__(self, folder: Path, backends: list[str], frontends: list[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._program = nginx_program()
        self._folder = folder
        self._api_port, self._chat_port = free_port(), free_port()
        self._settings = folder / "nginx.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self.render(backends, frontends)

    @property
    def api_url(self) -> str:
        """Where programs and front ends find the back ends."""
        return f"http://127.0.0.1:{self._api_port}"

    @property
    def chat_url(self) -> str:
        """Where browsers find the front ends."""
        return f"http://127.0.0.1:{self._chat_port}"

    def render(self, backends: list[str], frontends: list[str]) -> None:
        """Write its settings."""
        script = str(ROOT / "deploy" / "nginx" / "render.py")
        command = [sys.executable, script, "--folder", str(self._folder)]
        command += ["--api-port", str(self._api_port), "--chat-port", str(self._chat_port)]
        command += [f"--backend={address}" for address in backends]
        command += [f"--frontend={address}" for address in frontends]
        if os.geteuid() == 0:
            command += ["--user", getpass.getuser()]
        written = subprocess.run(command, capture_output=True, text=True, check=True)
        self._settings.write_text(written.stdout)

    def check(self) -> str:
        """Return what nginx says of its settings."""
        checked = subprocess.run([*self._command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        return checked.stderr

    def start(self) -> None:
        """Start it; returns when it answers."""
        with (self._folder / "output.log").open("ab") as output:
            command = [*self._command, "-g", "daemon off;"]
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        for url in (self.api_url, self.chat_url):
            wait_until(lambda url=url: self._answers(f"{url}/nginx-health"), "nginx answers")  # type: ignore[misc]

    def reload(self) -> None:
        """Have it take over the settings as they are now, without losing a request."""
        subprocess.run([*self._command, "-s", "reload"], check=True, capture_output=True)

    def stop(self) -> None:
        """End it, if it runs; requests under way are answered."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            end(self._process)

    def requests(self) -> list[dict[str, str | int | float]]:
        """Return what its log tells of each request: status, and the upstreams that were tried."""
        return [json.loads(line) for line in (self._folder / "access.log").read_text().splitlines()]

    @property
    def logs(self) -> str:
        """What it has logged, faults included."""
        return "".join((self._folder / name).read_text() for name in ("access.log", "error.log", "output.log"))

    def _answers(self, url: str) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "output.log").read_text()
        return _answers(url)

    @property
    def _command(self) -> list[str]:
        return [
            self._program,
            "-c",
            str(self._settings),
            "-p",
            str(self._folder),
            "-e",
            str(self._folder / "error.log"),
        ]


class Replicas:
    """Everything that runs."""

    def __init__(self, redis: RedisServer, backends: list[Replica], frontends: list[Frontend], nginx: Nginx) -> None:
        self.redis = redis
        self.backends = backends
        self.frontends = frontends
        self.nginx = nginx


@contextmanager
def replicas(
    store: Path, folder: Path, settings: Mapping[str, str], *, backends: int = 3, frontends: int = 0
) -> Iterator[Replicas]:
    """Run so many back ends and front ends on one store, behind nginx, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    redis = RedisServer(folder)
    shared = {"FINRAG_SHARED_REDIS": redis.url, "LOG_LEVEL": "warning", "FINRAG_TRUSTED_PROXIES": "127.0.0.1"}
    answering = [Replica(store, folder / f"backend-{number}", shared | dict(settings)) for number in range(backends)]
    # A front end is told nginx's address, and nginx the front ends'; without one, nobody listens at the port.
    pages: list[Frontend] = []
    addresses = [replica.address for replica in answering]
    nginx = Nginx(folder / "nginx", addresses, [f"127.0.0.1:{free_port()}"])
    pages += [Frontend(nginx.api_url, folder) for _ in range(frontends)]
    if pages:
        nginx.render(addresses, [page.address for page in pages])
    with ExitStack() as running:
        parts: tuple[RedisServer | Replica | Nginx | Frontend, ...] = (redis, *answering, nginx, *pages)
        for part in parts:
            running.callback(part.stop)
            part.start()
        yield Replicas(redis, answering, pages, nginx)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=2).is_success
    except httpx.TransportError:
        return False
