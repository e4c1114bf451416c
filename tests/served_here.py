"""A back end in a thread of this process: no interpreter is started for it, and its parts can be held up at will."""

from __future__ import annotations

import threading

import httpx
import uvicorn

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.backend.app import create_app
from tests.local_processes import free_port, wait_until

__all__ = ["ServedHere"]


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
