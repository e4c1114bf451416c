"""A threaded HTTP server on loopback for tests' fakes: quiet, with whole bodies, stopped and joined at the end."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

__all__ = ["LoopbackServer", "RequestHandler", "free_port"]

_LARGEST_BODY = 64 * 1024 * 1024


class RequestHandler(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive; the request's body is read whole, plain or chunked."""

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        """Send what is written at once."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *args: object) -> None:
        """Say nothing: tests look at what the fake keeps."""

    def serve(self) -> None:
        """Answer one request of any method."""
        raise NotImplementedError

    def _any_method(self) -> None:
        self.serve()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any_method  # noqa: N815 the names that the base class looks for

    def read_body(self) -> bytes:
        """Return the body, empty when there is none. Raises ValueError above 64 MiB."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._read_chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_BODY:
            raise ValueError("too large")
        return self.rfile.read(length)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := int(self.rfile.readline(32).split(b";")[0], 16):
            if len(body) + size > _LARGEST_BODY:
                raise ValueError("too large")
            body += self.rfile.read(size)
            self.rfile.readline(2)
        self.rfile.readline(2)
        return bytes(body)

    def answer(self, status: int, body: bytes, content_type: str, **headers: str) -> None:
        """Send a whole answer; `_` in header names is `-`."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away in the middle are part of the tests."""


class LoopbackServer:
    """Serves from a thread between `start` and `close`."""

    def __init__(self, handler: type[RequestHandler], port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name=handler.__name__, daemon=True
        )

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Answer nobody any more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def free_port() -> int:
    """A port that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
