"""Traces by OpenTelemetry: a span for each request, with a child for each stage of answering.

Imported only where a collector is configured, because the libraries cost memory and start-up time. Spans are handed to
a thread that sends them in batches; while the collector is away they are dropped, and no request waits or fails.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.re import parse_env_headers
from opentelemetry.util.types import AttributeValue
from starlette.datastructures import Headers
from starlette.types import Scope

from finrag_ml_tg1 import __version__

__all__ = ["RequestTrace", "Tracing"]

CLOSE_TIMEOUT_S = 2.0
_SEND_TIMEOUT_S = 5.0
_TELL_EVERY_S = 60.0
_NS_PER_MS = 1_000_000
_SERVER_ERROR = 500


class RequestTrace:
    """One request's span. `trace_id` is the one its log entries carry."""

    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span
        self.trace_id = format_trace_id(span.get_span_context().trace_id)

    def add_stages(self, stages_ms: Mapping[str, float], attributes: Mapping[str, AttributeValue]) -> None:
        """Add a child for each stage, the last of which has just ended, and attributes to the request's own span."""
        self._span.set_attributes(attributes)
        context = set_span_in_context(self._span)
        began = time.time_ns() - round(sum(stages_ms.values()) * _NS_PER_MS)
        for stage, milliseconds in stages_ms.items():
            ended = began + round(milliseconds * _NS_PER_MS)
            self._tracer.start_span(stage, context, start_time=began).end(ended)
            began = ended

    def end(self, route: str, method: str, status: int) -> None:
        """End the span with what became of the request."""
        span = self._span
        span.update_name(f"{method} {route}")
        span.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})
        if status >= _SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR))
        span.end()


class Tracing:
    """Makes the spans of a service and sends them to `endpoint` (OTLP over HTTP); `headers` are `name=value` pairs."""

    def __init__(self, endpoint: str, headers: str, service: str) -> None:
        exporter = OTLPSpanExporter(
            f"{endpoint}/v1/traces", headers=parse_env_headers(headers, liberal=True), timeout=_SEND_TIMEOUT_S
        )
        logging.getLogger(OTLPSpanExporter.__module__).addFilter(_Seldom())
        name = os.environ.get("OTEL_SERVICE_NAME", service)
        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: name, SERVICE_VERSION: __version__}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("finrag", __version__)
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, scope: Scope) -> RequestTrace:
        """Begin the span of a request, within the caller's trace when it names one (W3C `traceparent`)."""
        headers = Headers(scope=scope)
        carrier = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
        span = self._tracer.start_span("request", self._propagator.extract(carrier), SpanKind.SERVER)
        return RequestTrace(self._tracer, span)

    def close(self) -> None:
        """Send what is not sent yet, for at most `CLOSE_TIMEOUT_S` seconds."""
        # The library's own limit is half a minute.
        closing = threading.Thread(target=self._provider.shutdown, name="end-of-traces", daemon=True)
        closing.start()
        closing.join(CLOSE_TIMEOUT_S)


class _Seldom(logging.Filter):
    """Lets one entry through in a minute: a collector that is away is told of with every attempt."""

    def __init__(self) -> None:
        super().__init__()
        self._next_at = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if time.monotonic() < self._next_at:
            return False
        self._next_at = time.monotonic() + _TELL_EVERY_S
        return True
