"""Requests byte by byte: what an HTTP library would refuse to send, or would mend on the way."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Answer", "Request", "send"]

_TIMEOUT_S = 30.0
_MAX_ANSWER_BYTES = 2**22


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; `body` follows as it is, in one piece or more, and its length has to stand in the headers."""

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: tuple[bytes, ...] = ()

    def with_header(self, name: bytes, value: bytes) -> Request:
        """Return the request with one more header."""
        return Request(self.method, self.target, (*self.headers, (name, value)), self.body)

    def with_json(self, body: bytes) -> Request:
        """Return the request with this body and the headers that announce it."""
        announced = ((b"Content-Type", b"application/json"), (b"Content-Length", b"%d" % len(body)))
        return Request(self.method, self.target, self.headers + announced, (body,))

    def shown(self) -> str:
        """Return the request's head for people."""
        return ascii(b" ".join([self.method.encode(), self.target, *(b": ".join(pair) for pair in self.headers)]))[:400]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 where the connection was closed without a word."""

    status: int
    text: bytes


def send(url: str, request: Request) -> Answer:
    """Send the request on a connection of its own and return the answer."""
    address = urlsplit(url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), timeout=_TIMEOUT_S) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before it was sent whole
            for piece in _bytes_of(request):
                connection.sendall(piece)
        received = b""
        with suppress(ConnectionResetError):
            while len(received) < _MAX_ANSWER_BYTES and (chunk := connection.recv(65_536)):
                received += chunk
    line = received.split(b"\r\n", 1)[0].split(b" ")
    return Answer(int(line[1]) if len(line) > 1 else 0, received)


def _bytes_of(request: Request) -> Iterable[bytes]:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.target), b"Host: door.example"]
    lines += [b"%s: %s" % pair for pair in request.headers]
    yield b"\r\n".join([*lines, b"Connection: close", b"", b""])
    yield from request.body
