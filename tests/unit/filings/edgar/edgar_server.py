"""A server on loopback that behaves as EDGAR does, faults included; it stands for www.sec.gov and data.sec.gov."""

from __future__ import annotations

import gzip
import hashlib
import re
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["EdgarServer", "Fault", "Received", "serve_edgar"]

Fault = str | tuple[int, dict[str, str], bytes]

LIMIT_PER_SECOND = 10
THROTTLED = b"<html><title>SEC.gov | Request Rate Threshold Exceeded</title><h1>Request Rate Threshold Exceeded</h1>"
UNDECLARED = (
    b"<html><title>SEC.gov | Request Rate Threshold Exceeded</title>"
    b"<h1>Your Request Originates from an Undeclared Automated Tool</h1>"
)


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    moment: float
    headers: dict[str, str]
    status: int


@dataclass
class EdgarServer:
    """`files` by path; `faults` by path, each used up by one request; `throttles`: more than ten a second are refused.

    A fault is a name, or (status, headers, body).
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    throttles: bool = False
    received: list[Received] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, path: str, *faults: Fault) -> None:
        self.faults[path].extend(faults)

    def statuses(self, path: str) -> list[int]:
        return [request.status for request in self.received if request.path == path]

    def busiest_second(self) -> int:
        """The most requests that arrived within any one second."""
        moments = sorted(self.arrivals)
        return max((sum(0 <= other - moment < 1 for other in moments) for moment in moments), default=0)


@contextmanager
def serve_edgar() -> Iterator[EdgarServer]:
    edgar = EdgarServer()

    class Handler(_Handler):
        server_state = edgar

    class QuietServer(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Connections are broken on purpose here."""

    with QuietServer(("127.0.0.1", 0), Handler) as server:
        edgar.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield edgar
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: EdgarServer

    def do_GET(self) -> None:
        edgar = self.server_state
        with edgar.lock:
            now = time.monotonic()
            edgar.arrivals.append(now)
            is_too_fast = sum(now - moment < 1 for moment in edgar.arrivals) > LIMIT_PER_SECOND
            fault = edgar.faults[self.path].popleft() if edgar.faults[self.path] else None
        if not re.search(r"\S+@\S+\.\S+", self.headers.get("User-Agent", "")):
            self._answer(403, UNDECLARED)
        elif edgar.throttles and is_too_fast:
            self._answer(403, THROTTLED)
        elif fault is not None:
            self._fail(fault)
        elif self.path not in edgar.files:
            self._answer(404, b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>")
        else:
            self._serve(edgar.files[self.path])

    def _serve(self, body: bytes) -> None:
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        if self.headers.get("If-None-Match") == etag:
            self._answer(304, b"", {"ETag": etag})
            return
        headers = {"ETag": etag, "Last-Modified": "Wed, 03 Jan 2024 10:00:00 GMT"}
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        self._answer(200, body, headers)

    def _fail(self, fault: Fault) -> None:
        body = self.server_state.files.get(self.path, b"x" * 1000)
        if isinstance(fault, tuple):
            status, headers, page = fault
            self._answer(status, page, headers)
        elif fault == "throttled":
            self._answer(403, THROTTLED)
        elif fault == "reset":
            self._note(0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif fault == "truncated":
            self._answer(200, body[: len(body) // 2], {"Content-Length": str(len(body))})
            self.close_connection = True
        elif fault == "half a gzip":
            self._answer(200, gzip.compress(body)[:-12], {"Content-Encoding": "gzip"})
        elif fault == "never ends":
            self._note(0)
            self.close_connection = True
            time.sleep(0.5)
        elif fault == "drips":
            self._answer(200, b"", {"Content-Length": str(len(body))})
            for byte in body[:20]:
                self.wfile.write(bytes([byte]))
                time.sleep(0.02)
            self.close_connection = True
        else:
            raise AssertionError(fault)

    def _note(self, status: int) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server_state.lock:
            self.server_state.received.append(Received(self.path, time.monotonic(), headers, status))

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._note(status)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""
