"""The target of load and kill runs: a process that answers each call after a while and notes when it came.

It notes a call at its arrival, before anything can go wrong with the answer: a call that was made twice counts twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop

__all__ = ["Arrival", "CountingTarget", "counting_target"]

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok"
_SERVICES = Path(__file__).resolve().parents[2]
_START_S = 20.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One call: its Idempotency-Key, which attempt it was, and when it came (milliseconds since 1970)."""

    key: str
    attempt: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class CountingTarget:
    """A running target."""

    url: str
    noted: Path

    def arrivals(self) -> list[Arrival]:
        """Every call so far, in order."""
        lines = self.noted.read_text().splitlines()
        return [Arrival(key, int(attempt), int(at)) for key, attempt, at in (line.split("\t") for line in lines)]


@contextlib.contextmanager
def counting_target(folder: Path, *, delay_s: float, port: int = 0) -> Iterator[CountingTarget]:
    """Run a target that answers after `delay_s`."""
    noted = folder / "arrivals"
    noted.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "scheduler.tests.counting_target", str(noted), str(delay_s), str(port)],
        env={**os.environ, "PYTHONPATH": str(_SERVICES)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield CountingTarget(process.stdout.readline().strip(), noted)
    finally:
        process.terminate()
        process.wait(_START_S)
        process.stdout.close()


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, one request after the other, as far as our own client speaks it."""

    def __init__(self, note: int, delay_s: float) -> None:
        self._note = note
        self._delay_s = delay_s
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, ended, rest = self._received.partition(b"\r\n\r\n")
        if not ended:
            return
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
        }
        length = int(headers.get(b"content-length", b"0"))
        if len(rest) < length:
            return
        self._received = rest[length:]
        key, attempt = headers.get(b"idempotency-key", b"-"), headers.get(b"x-trigger-attempt", b"0")
        os.write(self._note, b"%s\t%s\t%d\n" % (key, attempt, time.time() * 1000))
        asyncio.get_running_loop().call_later(self._delay_s, self._answer)

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(_ANSWER)


async def _serve(noted: str, delay_s: float, port: int) -> None:
    note = os.open(noted, os.O_WRONLY | os.O_APPEND)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(note, delay_s), "127.0.0.1", port, backlog=512)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))
