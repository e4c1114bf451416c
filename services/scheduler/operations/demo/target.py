"""What the demo's triggers call: it answers well, badly or slowly, by the path."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["DEMO_TRIGGERS", "running_target"]

_SLOW_S = 2.0

# `{target}` is the address of the target.
DEMO_TRIGGERS: tuple[dict[str, object], ...] = (
    {"name": "heartbeat", "cron": "*/10 * * * * *", "url": "{target}/ok"},
    {"name": "orders", "cron": "* * * * *", "url": "{target}/orders", "method": "POST", "body": {"since": "yesterday"}},
    {"name": "first try fails", "cron": "*/30 * * * * *", "url": "{target}/flaky"},
    {"name": "slow", "cron": "15 * * * * *", "url": "{target}/slow"},
    {"name": "wrong address", "cron": "45 * * * * *", "url": "{target}/missing"},
    {"name": "nightly", "cron": "30 2 * * *", "tz": "Europe/Berlin", "url": "{target}/ok"},
    {"name": "paused", "cron": "@hourly", "url": "{target}/ok", "enabled": False},
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        attempt = self.headers.get("X-Trigger-Attempt", "1")
        status = HTTPStatus.OK
        if self.path == "/missing":
            status = HTTPStatus.NOT_FOUND
        elif self.path == "/flaky" and attempt == "1":
            status = HTTPStatus.SERVICE_UNAVAILABLE
        elif self.path == "/slow":
            time.sleep(_SLOW_S)
        body = f'{{"answer": "{status.phrase}", "attempt": {attempt if attempt.isdigit() else 0}}}'.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names that http.server asks for

    def log_message(self, *_: object) -> None:
        """What is called is seen on the dashboard."""


@contextmanager
def running_target() -> Iterator[str]:
    """Serve on a free port of this machine until the end of the block; give the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
