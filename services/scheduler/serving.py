"""The HTTP server around the API: how slow clients are bounded, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket

import uvicorn

from scheduler.backend import create_app
from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError

__all__ = ["serve"]

# Requests have so long when the process is told to stop.
_GRACE_S = 10
_KEEP_ALIVE_S = 20
_MOST_CONNECTIONS = 1000
_BACKLOG = 512
_GARBAGE_BATCH = 20_000

_logger = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Serve until told to stop. Raises ConfigurationError."""
    app = create_app(settings)
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
    with _listen(settings) as listening, asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        host, port = listening.getsockname()[:2]
        _logger.info("the scheduler's API listens at http://%s:%d", f"[{host}]" if ":" in host else host, port)
        # What is there for good is not looked through again; the documents of an answer are garbage in larger batches.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GARBAGE_BATCH)
        runner.run(uvicorn.Server(config).serve([listening]))


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        told = f"SCHEDULER_HOST, SCHEDULER_PORT: cannot listen at {settings.host}:{settings.port}: {error.strerror}"
        raise ConfigurationError(told) from None
