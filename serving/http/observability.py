"""What tells operators how a service does: its metrics, and its requests in the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from serving.http.metrics import HttpMetrics, LoopDelay, metrics_router, open_registry

__all__ = ["Observability"]


class Observability:
    """That of one application; `registry` takes the metrics that are its own."""

    def __init__(self) -> None:
        self.registry = open_registry()
        self.requests = HttpMetrics(self.registry)
        self._loop_delay = LoopDelay(self.registry)

    def add_routes(self, app: FastAPI) -> None:
        """Have the application answer `GET /metrics`."""
        app.state.metrics_registry = self.registry
        app.include_router(metrics_router)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Measure while the application serves."""
        measuring = asyncio.create_task(self._loop_delay.measure())
        try:
            yield
        finally:
            measuring.cancel()
            with suppress(asyncio.CancelledError):
                await measuring
