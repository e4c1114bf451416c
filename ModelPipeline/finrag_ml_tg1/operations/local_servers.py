"""Back end and front end as two child processes on this machine, for `finrag up`.

Both are waited for until they answer and the index is loaded, and both are stopped together, whatever ends first.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from finrag_ml_tg1.errors import FinRAGError

__all__ = ["LaunchError", "LocalServers", "start_servers", "stop_on_signals"]

_START_SECONDS = 90.0
# An index that is fetched from far away may take longer: the chat says so meanwhile.
_LOADING_SECONDS = 20.0
# The back end gives answers under way 18 seconds, and the query log 5.
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.1
_MOST_BYTES = 65_536
# Loopback is asked directly, whatever proxy the environment names for the world outside.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# SIGHUP is what a terminal sends when it is closed; the children's own sessions keep it from them.
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class LaunchError(FinRAGError):
    """A server cannot be started; the message says why."""


class _Stopped(BaseException):
    """The user asked to stop; not an Exception, so that nothing on the way takes it for a failure."""


@dataclass(frozen=True, slots=True)
class _Server:
    """One child process, the address that says it is up, and the words its body must hold."""

    name: str
    process: subprocess.Popen[bytes]
    health_url: str


class LocalServers:
    """The two running servers."""

    def __init__(self, servers: list[_Server], url: str) -> None:
        self._servers = servers
        self.url = url

    def wait(self) -> None:
        """Return never while both run; raises LaunchError when one ends by itself."""
        while True:
            for server in self._servers:
                _require_running(server)
            time.sleep(1.0)


@contextmanager
def start_servers(backend_port: int, frontend_port: int, environment: dict[str, str]) -> Iterator[LocalServers]:
    """Start both servers, wait until they answer, and stop them at the end.

    An index that is being loaded is waited for too, for some seconds; one that is missing or cannot be opened is not.
    Raises LaunchError when a port is taken, or when a server ends or does not answer in time.
    """
    if backend_port == frontend_port:
        raise LaunchError(f"both servers were given port {backend_port}: give another with --frontend-port")
    for name, port, option in (
        ("back end", backend_port, "--backend-port"),
        ("front end", frontend_port, "--frontend-port"),
    ):
        _require_free_port(name, port, option)
    backend_url = f"http://localhost:{backend_port}"
    environment = {key: value for key, value in environment.items() if key != "PORT"} | {"BACKEND_URL": backend_url}
    servers: list[_Server] = []
    try:
        backend = _spawn(_backend_command(backend_port), environment)
        servers.append(_Server("back end", backend, f"{backend_url}/livez"))
        frontend = _spawn(_frontend_command(frontend_port), environment)
        servers.append(_Server("front end", frontend, f"http://localhost:{frontend_port}/_stcore/health"))
        for server in servers:
            _wait_until_up(server)
        _wait_while_loading(servers[0], f"{backend_url}/readyz")
        yield LocalServers(servers, f"http://localhost:{frontend_port}")
    finally:
        _stop(servers)


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """End the block quietly on SIGINT (Ctrl-C), SIGTERM or SIGHUP; further ones do not disturb its clean-up."""

    def stop(number: int, frame: FrameType | None) -> None:
        for further in _STOP_SIGNALS:
            signal.signal(further, signal.SIG_IGN)
        raise _Stopped

    previous = {number: signal.signal(number, stop) for number in _STOP_SIGNALS}
    try:
        yield
    except _Stopped:
        return
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _backend_command(port: int) -> list[str]:
    arguments = "--workers 1 --timeout-graceful-shutdown 20 --log-level warning --no-proxy-headers --no-server-header"
    return [sys.executable, "-m", "uvicorn", "serving.backend.app:app", "--port", str(port), *arguments.split()]


def _frontend_command(port: int) -> list[str]:
    spec = find_spec("serving.frontend.chat")
    if spec is None or spec.origin is None:
        raise LaunchError("the front end is not installed: run `make run`, or install finrag[frontend]")
    options = ["--server.port", str(port), "--server.headless", "true"]
    return [sys.executable, "-m", "streamlit", "run", spec.origin, *options]


def _spawn(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own keeps Ctrl-C from reaching the children before this process can stop them in order.
    return subprocess.Popen(command, env=environment, start_new_session=True, cwd=_working_folder())


def _working_folder() -> Path:
    """Streamlit reads `.streamlit/config.toml` from the folder it is started in: the repository, where there is one."""
    root = Path(__file__).parents[3]
    return root if (root / ".streamlit").is_dir() else Path.cwd()


def _require_free_port(name: str, port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            raise LaunchError(
                f"port {port} for the {name} is taken ({os.strerror(error.errno or 0)}): stop what uses it, or give "
                f"another with {option}"
            ) from error


def _wait_until_up(server: _Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        _require_running(server)
        try:
            with _OPENER.open(server.health_url, timeout=2) as response:
                if response.read(16).strip() == b"ok":
                    return
        except (OSError, http.client.HTTPException):
            pass  # not up yet, or not the server: asked again until the deadline
        time.sleep(_POLL_SECONDS)
    raise LaunchError(f"the {server.name} did not answer at {server.health_url} within {_START_SECONDS:.0f} s")


def _wait_while_loading(backend: _Server, url: str) -> None:
    deadline = time.monotonic() + _LOADING_SECONDS
    while time.monotonic() < deadline and _is_loading(url):
        _require_running(backend)
        time.sleep(_POLL_SECONDS)


def _is_loading(url: str) -> bool:
    """Whether the back end is not ready for no other reason than that it needs time."""
    try:
        with _OPENER.open(url, timeout=2):
            return False
    except urllib.error.HTTPError as refusal:
        with refusal:
            body = refusal.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException):
        return False  # it did answer before: what is wrong now, the chat will say
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("reason") == "loading"


def _require_running(server: _Server) -> None:
    code = server.process.poll()
    if code is not None:
        raise LaunchError(f"the {server.name} ended with exit code {code}; its own message stands above")


def _stop(servers: list[_Server]) -> None:
    """Ask all to end, front end first, and kill what has not ended in time."""
    for server in reversed(servers):
        server.process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for server in servers:
        try:
            server.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()
