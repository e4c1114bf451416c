"""The HTTP server around the application: how slow clients are bounded, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from kserve_api.api.access import Access
from kserve_api.backend import create_app
from kserve_api.cluster.kubernetes_cluster import KubernetesCluster
from kserve_api.observability.logs import configure_logging
from kserve_api.settings import Settings
from kserve_api.settings_reading import ConfigurationError

__all__ = ["serve"]

# Requests have so long when the process is told to stop; log streams end at once.
_GRACE_S = 10
_KEEP_ALIVE_S = 20
_MOST_CONNECTIONS = 1000
_BACKLOG = 512
_GARBAGE_BATCH = 20_000

_logger = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Serve until told to stop. Raises ConfigurationError, and ClusterError where no cluster is configured."""
    configure_logging(settings)
    access = Access(settings)
    with _listen(settings) as listening, asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory()) as runner:
        runner.run(_serve(settings, access, listening))


async def _serve(settings: Settings, access: Access, listening: socket.socket) -> None:
    cluster = await KubernetesCluster.open(settings)
    try:
        app = create_app(settings, cluster, access=access)
        # X-Forwarded-For is not believed here: uvicorn would believe any process on this machine.
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
            limit_concurrency=_MOST_CONNECTIONS,
            backlog=_BACKLOG,
        )
        host, port = listening.getsockname()[:2]
        _logger.info("the deploy API listens at http://%s:%d", f"[{host}]" if ":" in host else host, port)
        # What is there for good is not looked through again; the documents of an answer are garbage in larger batches.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GARBAGE_BATCH)
        await _Server(config, app).serve([listening])
    finally:
        await cluster.close()


class _Server(uvicorn.Server):
    """Ends log streams as soon as it is told to stop: it would wait for them before the application is told."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        service = getattr(self._app.state, "service", None)
        if service is not None:
            self._loop.call_soon_threadsafe(service.stopping.set)
        super().handle_exit(sig, frame)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        told = f"KSERVE_API_HOST, KSERVE_API_PORT: cannot listen at {settings.host}:{settings.port}: {error.strerror}"
        raise ConfigurationError(told) from None
