"""Stands between a back end and its S3 service, on loopback, and spoils what it is told to spoil.

It speaks as much HTTP as boto3 does: one request after the other on a connection, bodies of a declared length.
"""

from __future__ import annotations

import http.client
import random
import socket
import struct
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

__all__ = ["Answer", "Exchange", "Fault", "FaultProxy"]

_MAX_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent to a client: `body` as it is, whatever length the headers declare."""

    status: int
    headers: dict[str, str]
    body: bytes


class ConnectionEndedError(Exception):
    """The client's connection is over, by either side."""


class Exchange:
    """One request of a client, and what can be done with it."""

    def __init__(self, proxy: FaultProxy, connection: socket.socket, method: str, target: str, headers: bytes) -> None:
        self.method = method
        self.target = target
        self.over = proxy.over
        self._proxy = proxy
        self._connection = connection
        self._headers = headers
        self._body = b""

    def read_body(self, already: bytes) -> bytes:
        """Read the request's body, whose beginning is at hand; return what follows it."""
        headers = _parsed(self._headers)
        length = int(headers.get("content-length", "0"))
        if "100-continue" in headers.get("expect", ""):
            self.send_bytes(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(already) < length:
            already += _received(self._connection)
        self._body = already[:length]
        return already[length:]

    def header(self, name: str) -> str:
        """Return a header of the request, "" when it has none of this name (in lower case)."""
        return _parsed(self._headers).get(name, "")

    def drop_headers(self, *names: str) -> None:
        """Have the service not see these headers (in lower case)."""
        lines = self._headers.split(b"\r\n")
        self._headers = b"\r\n".join(
            line for line in lines if line.decode("latin-1").partition(":")[0].strip().lower() not in names
        )

    def answered(self) -> Answer:
        """Return what the service answers."""
        answer = self._proxy.forward(self.method, self.target, _parsed(self._headers), self._body)
        self._proxy.remember(self.method, self.target, answer)
        return answer

    def other_answer(self) -> Answer:
        """Return what the service answered for another object, of as much as was asked; its own when there is none."""
        return self._proxy.other_than(self.target) or self.answered()

    def send(self, answer: Answer, *, declared: int | None = None) -> None:
        """Send an answer; `declared` is the Content-Length when it is to be a lie."""
        # In one piece: a second one would wait until the client has acknowledged the first.
        self.send_bytes(self.head_of(answer, declared) + (answer.body if self.method != "HEAD" else b""))

    def head_of(self, answer: Answer, declared: int | None = None) -> bytes:
        """Return the status line and the headers."""
        is_head = self.method == "HEAD" and declared is None
        length = answer.headers.get("content-length", "0") if is_head else str(len(answer.body))
        headers = answer.headers | {"content-length": length if declared is None else str(declared)}
        lines = [f"HTTP/1.1 {answer.status} Answer", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def send_bytes(self, data: bytes) -> None:
        """Send these bytes, whatever they mean."""
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise ConnectionEndedError from error

    def hang_up(self) -> None:
        """Close the connection."""
        raise ConnectionEndedError

    def reset(self) -> None:
        """Close the connection as a host that has crashed: what is under way is lost."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionEndedError


Fault = Callable[[Exchange], None]


class FaultProxy:
    """Passes requests on to `endpoint` from a port of its own. While a fault is on, it meets a share of them."""

    def __init__(self, endpoint: str, sequence: int = 1) -> None:
        self._service = urllib.parse.urlsplit(endpoint).netloc
        self._chooser = random.Random(sequence)
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._share = 0.0
        self._bodies: dict[str, Answer] = {}
        self._connections: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._port = 0
        self.over = threading.Event()
        self.over.set()
        self.injected = 0
        self.listen()

    @property
    def endpoint(self) -> str:
        """The address that clients are given."""
        return f"http://127.0.0.1:{self._port}"

    @contextmanager
    def failing(self, fault: Fault, share: float = 1.0) -> Iterator[None]:
        """Let a share of the requests meet a fault until the block ends."""
        with self._lock:
            self._fault, self._share = fault, share
            self.over = threading.Event()
        try:
            yield
        finally:
            with self._lock:
                self._fault = None
            self.over.set()

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse all connections until the block ends; those that are open are reset."""
        self.close()
        self.injected += 1
        try:
            yield
        finally:
            self.listen()

    def listen(self) -> None:
        """Take connections, on the same port as before."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(64)
        self._port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Take no connections any more, and end those that are open."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.over.set()
        with self._lock:
            open_ones = list(self._connections)
        for connection in open_ones:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def forward(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Ask the service."""
        connection = http.client.HTTPConnection(self._service, timeout=60)
        try:
            kept = {name: value for name, value in headers.items() if name not in {"connection", "expect"}}
            connection.request(method, target, body=body or None, headers=kept)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            names.pop("connection", None)
            names.pop("transfer-encoding", None)
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def remember(self, method: str, target: str, answer: Answer) -> None:
        """Keep an object's content, for `other_than`."""
        if method == "GET" and answer.status == http.client.OK:
            with self._lock:
                self._bodies[target] = answer

    def other_than(self, target: str) -> Answer | None:
        """Return what was answered for another object."""
        with self._lock:
            others = [answer for other, answer in self._bodies.items() if other != target]
            return self._chooser.choice(others) if others else None

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)
        connection.settimeout(120)
        try:
            with suppress(ConnectionEndedError, OSError):
                rest = b""
                while True:
                    rest = self._serve_one(connection, rest)
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _serve_one(self, connection: socket.socket, read: bytes) -> bytes:
        while b"\r\n\r\n" not in read:
            if len(read) > _MAX_HEAD:
                raise ConnectionEndedError
            read += _received(connection)
        head, _, rest = read.partition(b"\r\n\r\n")
        first, _, headers = head.partition(b"\r\n")
        method, target, _ = first.decode("latin-1").split(" ", 2)
        exchange = Exchange(self, connection, method, target, headers)
        rest = exchange.read_body(rest)
        fault = self._drawn()
        if fault is None:
            exchange.send(exchange.answered())
        else:
            fault(exchange)
        return rest

    def _drawn(self) -> Fault | None:
        with self._lock:
            if self._fault is None or self._chooser.random() >= self._share:
                return None
            self.injected += 1
            return self._fault


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(256 * 1024)
    if not data:
        raise ConnectionEndedError
    return data


def _parsed(headers: bytes) -> dict[str, str]:
    pairs = (line.decode("latin-1").partition(":") for line in headers.split(b"\r\n") if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
