"""What Prometheus is told of a service, whichever it is: requests, the process, and how promptly its event loop turns.

Labels are bounded: they name routes as templates, methods and statuses, never what a client wrote.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Iterable

import prometheus_client
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from finrag_ml_tg1 import __version__
from serving.http.logs import lost_lines
from serving.http.openapi import problems

__all__ = ["HttpMetrics", "LoopDelay", "bounded_method", "metrics_router", "open_registry"]

# When a counter was made is a second series for each of them, and nobody asks.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_DELAYS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_LOOK_EVERY_S = 0.5

metrics_router = APIRouter()


def open_registry() -> CollectorRegistry:
    """Return a registry of its own for an application, with what is told of every process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_LostLines())
    build = Info("finrag_build", "The version that runs.", registry=registry)
    build.info({"version": __version__, "python": platform.python_version()})
    return registry


class _LostLines(Collector):
    def collect(self) -> Iterable[Metric]:
        meaning = "Lines of this process's log that could not be written."
        yield CounterMetricFamily("finrag_log_lines_lost", meaning, value=lost_lines())


def bounded_method(method: str) -> str:
    """Return a method of HTTP as it is, and whatever else a client may call one as `other`."""
    return method if method in _METHODS else "other"


class HttpMetrics:
    """Counts requests; their routes are templates, their methods bounded."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "finrag_http_requests",
            "Requests by route (as a template), method and status.",
            ("route", "method", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "finrag_http_request_duration_seconds",
            "Seconds from a request's arrival to the end of its response, by route and method.",
            ("route", "method"),
            buckets=_SECONDS,
            registry=registry,
        )
        self._in_progress = Gauge(
            "finrag_http_requests_in_progress", "Requests that have come and are not answered.", registry=registry
        )

    def begin(self) -> None:
        """Count a request that has come."""
        self._in_progress.inc()

    def end(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that has ended."""
        self._in_progress.dec()
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)


class LoopDelay:
    """Measures how late the event loop wakes who sleeps: by as much every other request waits."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._delay = Histogram(
            "finrag_event_loop_delay_seconds",
            "Seconds by which the event loop was late, looked at twice a second.",
            buckets=_DELAYS,
            registry=registry,
        )

    async def measure(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LOOK_EVERY_S
            await asyncio.sleep(_LOOK_EVERY_S)
            self._delay.observe(max(0.0, loop.time() - due))


@metrics_router.get("/metrics", response_class=PlainTextResponse, responses=problems(401))
def metrics(request: Request) -> Response:
    """Return the measures of this process as text for Prometheus."""
    registry = request.app.state.metrics_registry
    assert isinstance(registry, CollectorRegistry)
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers={"Content-Type": content_type})
