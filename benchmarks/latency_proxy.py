"""A way to a server that takes time and counts what goes over it: for measuring what round trips cost.

The delay is that of one way; a round trip is twice as long. A new connection waits one round trip more, as TCP's own
opening does (none of the packets that open it passes through here). Bandwidth is not limited, and TLS is not spoken.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["DelayedWay", "Traffic", "delayed"]

_CHUNK = 256 * 1024
_REQUEST = re.compile(rb"(?:GET|POST|PUT|HEAD|DELETE|PATCH) (\S+) HTTP/1\.[01]\r\n")


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went over a way: connections opened, requests by `METHOD path` in order, and the bytes that came back."""

    connects: int
    requests: tuple[str, ...]
    received_bytes: int


class DelayedWay:
    """The way to one server. `url` is what its clients are given; the delay may be changed while it is open."""

    def __init__(self, target: str, delay_ms: float) -> None:
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self.delay_ms = delay_ms
        self.port = 0
        self._connects = 0
        self._requests: list[str] = []
        self._received = 0
        self._lock = threading.Lock()
        self._open: set[asyncio.StreamWriter] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """The address that clients are given."""
        return f"http://127.0.0.1:{self.port}"

    def taken(self) -> Traffic:
        """Return what went over the way since this was asked last."""
        with self._lock:
            traffic = Traffic(self._connects, tuple(self._requests), self._received)
            self._connects, self._received = 0, 0
            self._requests.clear()
        return traffic

    def hang_up(self) -> None:
        """Close the connections that are open, as a server does with those that were idle for long."""
        assert self._loop is not None, "nothing was ever connected"
        asyncio.run_coroutine_threadsafe(self._close_all(), self._loop).result()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on, both ways, each piece after its delay and in order."""
        opened_at = asyncio.get_running_loop().time() + 2 * self.delay_ms / 1000
        self._loop = asyncio.get_running_loop()
        ends = [writer]
        self._open.add(writer)
        with self._lock:
            self._connects += 1
        try:
            from_server, to_server = await asyncio.open_connection(self._host, self._port)
            ends.append(to_server)
            await asyncio.gather(
                self._pass_on(reader, to_server, opened_at, is_request=True),
                self._pass_on(from_server, writer, 0.0, is_request=False),
            )
        except OSError:
            return  # who is refused sees it as it is
        finally:
            self._open.discard(writer)
            for end in ends:
                end.close()

    async def _close_all(self) -> None:
        for writer in list(self._open):
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, opened_at: float, *, is_request: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def send() -> None:
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not data:
                    with suppress(OSError):
                        sink.write_eof()
                    return
                sink.write(data)
                await sink.drain()

        sending = asyncio.create_task(send())
        try:
            with suppress(OSError):
                while data := await source.read(_CHUNK):
                    self._count(data, is_request=is_request)
                    await under_way.put((max(loop.time(), opened_at) + self.delay_ms / 1000, data))
            await under_way.put((loop.time() + self.delay_ms / 1000, b""))
            with suppress(OSError):
                await sending
        finally:
            sending.cancel()

    def _count(self, data: bytes, *, is_request: bool) -> None:
        with self._lock:
            if is_request:
                for match in _REQUEST.finditer(data):
                    method = match.group().split(b" ", 1)[0].decode()
                    self._requests.append(f"{method} {match[1].decode('latin-1').partition('?')[0]}")
            else:
                self._received += len(data)


@contextmanager
def delayed(target: str, delay_ms: float = 0.0) -> Iterator[DelayedWay]:
    """Open a way to the server at `target` until the block ends."""
    way = DelayedWay(target, delay_ms)
    loop = asyncio.new_event_loop()
    listening = threading.Event()
    stopping = asyncio.Event()

    async def listen() -> None:
        async with await asyncio.start_server(way.serve, "127.0.0.1", 0, limit=_CHUNK) as server:
            way.port = server.sockets[0].getsockname()[1]
            listening.set()
            await stopping.wait()
            server.close()
            under_way = asyncio.all_tasks() - {asyncio.current_task()}
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            await asyncio.sleep(0)  # in which the sockets are closed

    thread = threading.Thread(target=loop.run_until_complete, args=(listen(),), name="delayed-way", daemon=True)
    thread.start()
    listening.wait()
    try:
        yield way
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(5)
        loop.close()
