"""An HTTP target on loopback that answers by a script, also badly, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import uvloop

__all__ = ["Asked", "Reply", "RunningTarget", "running_target"]

_START_S = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A scripted answer: after `delay_s`, with `pause_s` between the bytes of its body. `hang_up`: none at all."""

    status: int = 200
    body: bytes = b"done"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    pause_s: float = 0.0
    hang_up: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in, with its time in seconds since 1970. Names of headers are small letters."""

    at: float
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """The Idempotency-Key."""
        return self.headers.get("idempotency-key", "")


class RunningTarget:
    """Where it is, and what it was asked. A path without a script is answered with 200."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        # Requests that are being answered, and the most that ever were.
        self.open = 0
        self.most_open = 0
        self.connections = 0
        self._scripts: dict[str, list[Reply]] = {}

    def answer(self, path: str, *replies: Reply) -> str:
        """Give these answers at a path (without its query), one after the other, the last again and again; its URL."""
        self._scripts[path] = list(replies)
        return self.url + path

    def at(self, path: str) -> list[Asked]:
        """What was asked at a path, whatever its query."""
        return [asked for asked in self.asked if asked.path.partition("?")[0] == path]

    def wait(self, count: int, *, path: str | None = None, timeout_s: float = 30.0) -> list[Asked]:
        """What was asked (at a path) once it is `count`; fails after the time-out."""
        deadline = time.monotonic() + timeout_s
        while len(found := list(self.asked) if path is None else self.at(path)) < count:
            assert time.monotonic() < deadline, f"the target was asked {len(found)} times, not {count}"
            time.sleep(0.01)
        return found

    def _reply(self, path: str) -> Reply:
        script = self._scripts.get(path.partition("?")[0])
        if not script:
            return Reply()
        return script.pop(0) if len(script) > 1 else script[0]

    async def serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until either side ends it."""
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._serve_request(reader, writer):
                pass
        writer.close()

    async def _serve_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append(Asked(time.time(), method, path, headers, body))
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            return await _send(writer, self._reply(path))
        finally:
            self.open -= 1


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> bool:
    """Send an answer; return whether the connection may be used again."""
    if reply.delay_s:
        await asyncio.sleep(reply.delay_s)
    if reply.hang_up:
        return False
    lines = {"Content-Length": str(len(reply.body)), **reply.headers}
    head = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n"
    writer.write((head + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n").encode())
    if not reply.pause_s:
        writer.write(reply.body)
    else:
        for byte in reply.body:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(reply.pause_s)
    await writer.drain()
    return True


@contextlib.contextmanager
def running_target() -> Iterator[RunningTarget]:
    """Serve on a free port, in a thread with its own event loop, for as long as the context lasts."""
    target = RunningTarget()
    started, stopping = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        server = await asyncio.start_server(target.serve_connection, "127.0.0.1", 0)
        target.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        loops.append(asyncio.get_running_loop())
        started.set()
        await stopping.wait()
        server.close()

    thread = threading.Thread(target=uvloop.run, args=(serve(),), name="target", daemon=True)
    thread.start()
    assert started.wait(_START_S)
    try:
        yield target
    finally:
        loops[0].call_soon_threadsafe(stopping.set)
        thread.join(_START_S)
