"""Servers as child processes of a test: free ports, waiting without sleeping blindly, and an end that is certain."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

__all__ = [
    "SETTINGS",
    "Server",
    "clean_environment",
    "end",
    "free_port",
    "serve_backend",
    "serve_indexer",
    "wait_until",
]

_PLATFORM = ("OTEL_", "SEVALLA_", "STREAMLIT_", "CODING_AGENT_")
SETTINGS = ("FINRAG_", "AWS_", "OPENAI_", "BACKEND_URL", "PORT", "LOG_", *_PLATFORM)
_POLL_S = 0.05
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address, its process, and the file its output goes to."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace")


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def clean_environment(**settings: str) -> dict[str, str]:
    """Return this process's environment without any setting of FinRAG, plus `settings`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return kept | settings


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = 30.0) -> None:
    """Return as soon as `holds()` is true; fails with `what` when it is not in time."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"after {timeout_s:g} s still not: {what}"
        time.sleep(_POLL_S)


@contextmanager
def serve_backend(
    store: str,
    folder: Path,
    *,
    port: int | None = None,
    awaiting: str = "/readyz",
    access: Mapping[str, str] | None = None,
    app: str = "serving.backend.app:app",
    start_s: float = 30.0,
    **settings: str,
) -> Iterator[Server]:
    """Run the back end as production does, on `store`, until the block ends; `folder` takes its cache and its log.

    `access` are the settings the store is reached with, `app` is another application that is the back end. Returns once
    `awaiting` answers 200, within `start_s` seconds.
    """
    environment = {"FINRAG_STORE": store, "FINRAG_CACHE_DIR": str(folder / "cache")} | settings
    settings = environment | dict(access or {})
    with _serve(
        "backend", app, folder, settings, port=port or free_port(), awaiting=awaiting, start_s=start_s
    ) as server:
        yield server


@contextmanager
def serve_indexer(store: str, folder: Path, encoder_folder: Path, settings: Mapping[str, str]) -> Iterator[Server]:
    """Run the indexing service on `store` until the block ends; its cache is the one that holds the encoder."""
    environment = {"FINRAG_STORE": store, "FINRAG_CACHE_DIR": str(encoder_folder.parents[1])} | dict(settings)
    with _serve(
        "indexer", "serving.indexer.app:app", folder, environment, port=free_port(), awaiting="/readyz"
    ) as server:
        yield server


@contextmanager
def _serve(
    name: str,
    app: str,
    folder: Path,
    settings: Mapping[str, str],
    *,
    port: int,
    awaiting: str,
    start_s: float = 30.0,
) -> Iterator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "uvicorn", app, "--app-dir", str(_ROOT), "--port", str(port)]
    command += ["--workers", "1", "--timeout-graceful-shutdown", "20"]
    command += ["--no-proxy-headers", "--no-server-header"]
    log = folder / f"{name}-{port}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=clean_environment(**settings), cwd=folder, stdout=output, stderr=output)
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        wait_until(lambda: _answers(server, awaiting), f"the {name} answers {awaiting}", start_s)
        yield server
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process, kindly at first."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(server: Server, path: str) -> bool:
    assert server.process.poll() is None, f"the server ended: {server.output}"
    try:
        return httpx.get(server.url + path, timeout=2, trust_env=False, verify=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
