"""A back end in a thread of this process: no interpreter is started for it, and its parts can be held up at will."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import uvicorn

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.backend.app import create_app
from tests.local_processes import free_port, wait_until

__all__ = ["ServedHere", "served_here"]


class ServedHere:
    """The back end of these settings at a port of its own."""

    def __init__(self, config: MLConfig) -> None:
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self._server = uvicorn.Server(
            uvicorn.Config(create_app(config), port=port, log_config=None, proxy_headers=False)
        )
        self._thread = threading.Thread(target=self._server.run)

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://{self.address}"

    def start(self) -> None:
        """Begin to listen; see `wait_until_ready`."""
        self._thread.start()
        wait_until(lambda: self._server.started, "the server listens")

    def wait_until_ready(self) -> None:
        """Return when the index is loaded."""
        wait_until(lambda: httpx.get(f"{self.url}/readyz", trust_env=False).is_success, "the index is loaded")

    def stop(self) -> None:
        """End it, if it runs; nobody listens at its port then."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()


@contextlib.contextmanager
def served_here(store: Path, cache: Path) -> Iterator[str]:
    """Serve a store, without keeping answers, until the block ends; gives the address, with the index loaded."""
    server = ServedHere(MLConfig(store=str(store), cache_dir=str(cache), answer_cache_mb=0))
    server.start()
    try:
        server.wait_until_ready()
        yield server.url
    finally:
        server.stop()
