"""With a collector configured each request is a span, within its caller's trace; without one nothing is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.contract.conftest import EMPLOYEES
from tests.local_processes import clean_environment, serve_backend
from tests.otlp_receiver import Receiver, attributes_of, receive_traces

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
KEY = "collector-key-of-this-test"


def test_requests_are_traced_and_sent_at_the_latest_when_the_server_ends(sample_store: Path, tmp_path: Path) -> None:
    with receive_traces() as receiver:
        with serve_backend(
            str(sample_store),
            tmp_path,
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            OTEL_EXPORTER_OTLP_HEADERS=f"x-collector-key={KEY}",
            OTEL_BSP_SCHEDULE_DELAY="600000",
        ) as server:
            with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
                client.post(
                    "/query", json={"question": EMPLOYEES}, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"}
                ).raise_for_status()
                client.post("/query/stream", json={"question": EMPLOYEES}).read()
                client.get("/passages/unknown", params={"a": "zanzibarquux"}, headers={"traceparent": "nonsense"})
            assert not receiver.spans  # they wait for more, or for the end
        entries = [json.loads(line) for line in server.output.splitlines()]
    check_query(receiver)
    kinds = {span.name for span in receiver.spans if span.kind == Span.SPAN_KIND_SERVER}
    assert kinds == {"POST /query", "POST /query/stream", "GET /passages/{passage_id}"}  # no probes
    assert receiver.headers[0]["x-collector-key"] == KEY
    assert receiver.resources[0]["service.name"] == "finrag-backend"
    told = "".join(map(str, receiver.spans))
    assert "Orquenna" not in told
    assert "zanzibarquux" not in told
    traced = {entry["trace_id"] for entry in entries if "route" in entry and "trace_id" in entry}
    assert traced == {span.trace_id.hex() for span in receiver.spans}
    assert KEY not in server.output


def check_query(receiver: Receiver) -> None:
    (span,) = receiver.named("POST /query")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    attributes = attributes_of(span)
    assert attributes["http.response.status_code"] == httpx.codes.OK
    assert attributes["http.route"] == "/query"
    assert attributes["finrag.query.status"] == "answered"
    assert span.status.code == Status.STATUS_CODE_UNSET
    stages = [child for child in receiver.spans if child.parent_span_id == span.span_id]
    assert {"understanding", "facts"} <= {child.name for child in stages}
    for child in stages:
        assert span.start_time_unix_nano <= child.start_time_unix_nano <= child.end_time_unix_nano
        assert child.end_time_unix_nano <= span.end_time_unix_nano


def test_nothing_that_sends_traces_is_imported_without_a_collector() -> None:
    senders = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto", "google.protobuf")
    shown = f"import serving.backend.app, sys; print([name for name in sys.modules if name.startswith({senders})])"
    run = subprocess.run(
        [sys.executable, "-c", shown], env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
