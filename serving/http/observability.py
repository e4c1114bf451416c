"""What tells operators how a service does: its metrics, its requests in the log, and traces where they are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from fastapi import FastAPI

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.http.metrics import HttpMetrics, LoopDelay, metrics_router, open_registry

if TYPE_CHECKING:
    from serving.http.tracing import Tracing

__all__ = ["Observability"]


class Observability:
    """That of one application; `registry` takes the metrics that are its own."""

    def __init__(self, config: MLConfig, service: str) -> None:
        """`service` names the process in traces, unless OTEL_SERVICE_NAME does."""
        self.registry = open_registry()
        self.requests = HttpMetrics(self.registry)
        self.tracing = _open_tracing(config, service)
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
            if self.tracing is not None:
                await asyncio.to_thread(self.tracing.close)


def _open_tracing(config: MLConfig, service: str) -> Tracing | None:
    if config.otlp_endpoint is None:
        return None
    from serving.http.tracing import Tracing

    headers = config.otlp_headers.get_secret_value() if config.otlp_headers is not None else ""
    return Tracing(config.otlp_endpoint, headers, service)
