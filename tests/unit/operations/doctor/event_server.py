"""A back end's stream on a loopback port, whose events come when a test says: as they are made, or held back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["serve_events"]


@contextmanager
def serve_events(names: Sequence[str], *, works_s: float, is_held_back: bool) -> Iterator[str]:
    """Answer questions with these events; `done` says that the work took `works_s`. Yields the server's address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps({"companies": [{"cik": 1, "name": "Orquenna"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if is_held_back:
                time.sleep(works_s)
            for number, name in enumerate(names):
                data = json.dumps({"metadata": {"processing_time_ms": 1000 * works_s}, "detail": "no index"})
                self._send(f"event: {name}\r\ndata: {data}\r\n\r\n".encode())
                if number + 1 < len(names) and not is_held_back:
                    time.sleep(works_s / (len(names) - 1))
            self._send(b"")

        def _send(self, chunk: bytes) -> None:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
