"""The worker over HTTP: its health, whether it takes jobs, its metrics. For probes and Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError

__all__ = ["WorkerState", "serving_health"]

# What the worker says of itself: why it takes no jobs (empty: it does), and more.
WorkerState = Callable[[], tuple[str, dict[str, object]]]

_START_S = 0.01
_logger = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def serving_health(settings: Settings, state: WorkerState) -> AsyncIterator[None]:
    """Serve within the block. Raises ConfigurationError where the port is taken."""

    async def health(_request: Request) -> Response:
        idle, more = state()
        return JSONResponse({"status": idle or "ok", **more})

    async def ready(_request: Request) -> Response:
        idle, more = state()
        return JSONResponse({"status": idle or "ok", **more}, status_code=503 if idle else 200)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    app = Starlette(routes=[Route("/health", health), Route("/ready", ready), Route("/metrics", metrics)])
    with _listen(settings) as listening:
        server = _Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started and not serving.done():
            await asyncio.sleep(_START_S)
        host, port = listening.getsockname()[:2]
        _logger.info("the worker's health is at http://%s:%d/health", f"[{host}]" if ":" in host else host, port)
        try:
            yield
        finally:
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """A server that is told to stop by the worker: signals are the worker's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.worker_port), family=family)
    except OSError as error:
        told = f"SCHEDULER_HOST, SCHEDULER_WORKER_PORT: cannot listen at {settings.host}:{settings.worker_port}"
        raise ConfigurationError(f"{told}: {error.strerror}") from None
