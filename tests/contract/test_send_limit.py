"""A client that does not read is given up by a real server, and what answers it is ended; the answer has no end here.

The back end's own answers fit the buffers of a connection on one machine, so the application is the smallest there is.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from serving.http.request_id import RequestId
from serving.http.send_limit import SendLimit
from tests.local_processes import free_port, wait_until
from tests.raw_connections import connected

ASKED = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
LIMIT_S = 0.3


class Endless:
    """A server whose only answer never ends; counts those it began and those that were ended."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.is_over = False
        self.port = free_port()
        app = RequestId(SendLimit(self._answer, timeout_s=LIMIT_S))
        options = {"port": self.port, "lifespan": "off", "log_config": None, "timeout_graceful_shutdown": 1}
        self.server = uvicorn.Server(uvicorn.Config(app, **options))  # type: ignore[arg-type]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while not self.is_over:
                await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
                await asyncio.sleep(0)
        finally:
            self.ended += 1


@pytest.fixture
def endless() -> Iterator[Endless]:
    endless = Endless()
    thread = threading.Thread(target=endless.server.run)
    thread.start()
    wait_until(lambda: endless.server.started, "the server listens")
    yield endless
    endless.is_over = True
    endless.server.should_exit = True
    thread.join()


def test_client_that_does_not_read_is_given_up(endless: Endless, caplog: pytest.LogCaptureFixture) -> None:
    with connected(endless.url, 20, receive_bytes=4096) as connections:
        for connection in connections:
            connection.sendall(ASKED)
        wait_until(lambda: endless.begun == len(connections), "all are answered")
        wait_until(lambda: endless.ended == len(connections), "none is any more", timeout_s=10)
    assert caplog.text.count(f"in {LIMIT_S:g} s") == len(connections)
    assert "Traceback" not in caplog.text


def test_client_that_reads_is_served_on(endless: Endless) -> None:
    with connected(endless.url, 1) as [connection]:
        connection.sendall(ASKED)
        ends_at = time.monotonic() + 2 * LIMIT_S
        while time.monotonic() < ends_at:
            assert connection.recv(1_000_000)
        assert endless.ended == 0
