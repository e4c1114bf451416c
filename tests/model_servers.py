"""A server that speaks as Amazon Bedrock and as OpenAI do on the wire, and says what a test tells it to say.

It listens on loopback, so that the real clients can be tested without network, and in other processes than the test's.
"""

from __future__ import annotations

import contextlib
import json
import select
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import unquote

from finrag_ml_tg1.answering.models.language_model import StopReason, TokenUsage

__all__ = ["Received", "Reply", "ScriptedModelServer", "event_frame"]

Ending = Literal["finish", "cut", "stall", "error", "garbage"]

_POLL_S = 0.01
_USAGE = TokenUsage(input_tokens=120, output_tokens=7)
_EVENT_STREAM = "application/vnd.amazon.eventstream"
_FINISH_REASONS: Mapping[StopReason, str] = {
    "end_turn": "stop",
    "max_tokens": "length",
    "refusal": "content_filter",
}
_STOP_REASONS: Mapping[StopReason, str] = {
    "end_turn": "end_turn",
    "max_tokens": "max_tokens",
    "refusal": "guardrail_intervened",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server does with one request; the defaults are an ordinary answer.

    After `pieces` the stream ends as `ending` says: as it should, with the socket closed, not at all, with the
    provider's error event (`error` is its code), or with bytes that are damaged. A `status` other than 200 comes at
    once, with `error` as the code and `message` as the words, or with `body` as it is.
    """

    pieces: tuple[str, ...] = ("Revenue ", "rose ", "[1].")
    stop: StopReason = "end_turn"
    usage: TokenUsage | None = _USAGE
    ending: Ending = "finish"
    first_after_s: float = 0.0
    next_after_s: float = 0.0
    chunk_bytes: int = 0  # the stream is sent in chunks of that many bytes; 0: one for each event
    status: int = 200
    error: str = ""
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    events: tuple[bytes | None, ...] | None = None  # sent as they are, instead of everything else; None waits


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def is_bedrock(self) -> bool:
        """Whether it came in Bedrock's way."""
        return self.path.startswith("/model/")

    @property
    def system(self) -> str:
        """The system prompt."""
        if self.is_bedrock:
            return "".join(block["text"] for block in self.body.get("system", []))
        return "".join(message["content"] for message in self.body["messages"] if message["role"] == "system")

    @property
    def asked(self) -> str:
        """The user's message, with context and question."""
        message = self.body["messages"][-1]["content"]
        return message if isinstance(message, str) else "\n\n".join(block.get("text", "") for block in message)


class ScriptedModelServer:
    """Use as a context manager. `requests` grows with each request; `disconnects` counts clients that went early."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.disconnects = 0
        self.open_connections = 0
        self._script: list[Reply] = [Reply()]
        self._answer: Callable[[Received], Reply] | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.model = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> ScriptedModelServer:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        """The address for AWS_ENDPOINT_URL_BEDROCK_RUNTIME."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def openai_url(self) -> str:
        """The address for OPENAI_BASE_URL."""
        return f"{self.url}/v1"

    def script(self, *replies: Reply) -> None:
        """From now on give these replies, one for each request, and the last one to all that follow."""
        with self._lock:
            self._script, self._answer = list(replies), None

    def answer(self, reply_to: Callable[[Received], Reply]) -> None:
        """From now on give the reply that `reply_to` makes of each request."""
        with self._lock:
            self._answer = reply_to

    def take(self, request: Received) -> Reply:
        """Note the request and return the reply to it."""
        with self._lock:
            self.requests.append(request)
            if self._answer is not None:
                return self._answer(request)
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Count the connection as open, and as left early when _ClientGoneError comes."""
        with self._lock:
            self.open_connections += 1
        gone = False
        try:
            yield
        except (_ClientGoneError, ConnectionError):
            gone = True
        finally:
            with self._lock:
                self.open_connections -= 1
                self.disconnects += gone

    @property
    def is_stopping(self) -> bool:
        """Whether handlers should end."""
        return self._stopping.is_set()


class _ClientGoneError(Exception):
    pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    model: ScriptedModelServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: clients that go are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an event is not held back until the one before is acknowledged
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Received(unquote(self.path), headers, body)
        reply = self.server.model.take(request)
        with self.server.model.serving():
            if reply.status != 200 or reply.body is not None:
                self._refuse(request, reply)
            else:
                self._stream(request, reply)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name http.server gives
        pass

    def _refuse(self, request: Received, reply: Reply) -> None:
        self._wait(reply.first_after_s)
        if request.is_bedrock:
            body = json.dumps({"message": reply.message}).encode()
        else:
            body = json.dumps({"error": {"message": reply.message, "type": "error", "code": reply.error}}).encode()
        body = body if reply.body is None else reply.body
        self.send_response(reply.status)
        if request.is_bedrock and reply.error:
            self.send_header("x-amzn-ErrorType", reply.error)
        for name, value in ({"Content-Type": "application/json"} | dict(reply.headers)).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, request: Received, reply: Reply) -> None:
        self._wait(reply.first_after_s)
        self.send_response(200)
        self.send_header("Content-Type", _EVENT_STREAM if request.is_bedrock else "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        speak = _bedrock_events if request.is_bedrock else _openai_events
        for event in speak(reply) if reply.events is None else iter(reply.events):
            if event is None:
                self._wait(reply.next_after_s)
            else:
                self._send(event, reply.chunk_bytes)
        if reply.ending == "stall":
            self._wait(60.0)
        if reply.ending in {"cut", "stall"}:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _send(self, event: bytes, chunk_bytes: int) -> None:
        size = chunk_bytes or len(event)
        for start in range(0, len(event), size):
            part = event[start : start + size]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
            self.wfile.flush()

    def _wait(self, seconds: float) -> None:
        """Return after that long; raises _ClientGoneError as soon as the client closes its end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.server.model.is_stopping:
            readable, _, _ = select.select([self.connection], [], [], _POLL_S)
            if readable and not self.connection.recv(1):
                raise _ClientGoneError


def _openai_events(reply: Reply) -> Iterator[bytes | None]:
    """Yield the events, and None where the server waits between two pieces."""
    common = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}

    def chunk(delta: Mapping[str, object], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _sse(json.dumps({**common, "choices": [choice]}, ensure_ascii=False))

    yield chunk({"role": "assistant", "content": ""})
    for position, piece in enumerate(reply.pieces):
        if position:
            yield None
        yield chunk({"content": piece})
    if reply.ending == "error":
        yield _sse(json.dumps({"error": {"message": reply.message, "type": reply.error, "code": reply.error}}))
    if reply.ending == "garbage":
        yield _sse('{"choices": [{"delta": {"content": "an unfin')
    if reply.ending != "finish":
        return
    yield chunk({}, _FINISH_REASONS[reply.stop])
    if reply.usage is not None:
        usage = {
            "prompt_tokens": reply.usage.input_tokens,
            "completion_tokens": reply.usage.output_tokens,
            "total_tokens": reply.usage.total_tokens,
            "prompt_tokens_details": {
                "cached_tokens": reply.usage.cached_tokens,
                "cache_write_tokens": reply.usage.written_tokens,
            },
        }
        yield _sse(json.dumps({**common, "choices": [], "usage": usage}))
    yield _sse("[DONE]")


def _sse(data: str) -> bytes:
    return f"data: {data}\n\n".encode()


def _bedrock_events(reply: Reply) -> Iterator[bytes | None]:
    """Yield the frames, and None where the server waits between two pieces."""
    yield event_frame("messageStart", {"role": "assistant"})
    for position, piece in enumerate(reply.pieces):
        if position:
            yield None
        yield event_frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}})
    if reply.ending == "error":
        yield event_frame(reply.error, {"message": reply.message}, kind="exception")
    if reply.ending == "garbage":
        frame = event_frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "damaged"}})
        yield frame[:-1] + bytes([frame[-1] ^ 1])
    if reply.ending != "finish":
        return
    yield event_frame("contentBlockStop", {"contentBlockIndex": 0})
    yield event_frame("messageStop", {"stopReason": _STOP_REASONS[reply.stop]})
    counted = reply.usage or TokenUsage()
    usage = {
        "inputTokens": counted.input_tokens - counted.cached_tokens - counted.written_tokens,
        "outputTokens": counted.output_tokens,
        "totalTokens": counted.total_tokens,
        "cacheReadInputTokens": counted.cached_tokens,
        "cacheWriteInputTokens": counted.written_tokens,
    }
    yield event_frame("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})


def event_frame(name: str, payload: Mapping[str, object] | bytes, kind: str = "event") -> bytes:
    """Return a message of AWS's event-stream encoding: prelude, headers and payload with their checksums.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
    """
    headers = b"".join(
        struct.pack(">B", len(key)) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for key, value in {
            f":{kind}-type": name,
            ":content-type": "application/json",
            ":message-type": kind,
        }.items()
    )
    body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
    prelude = struct.pack(">II", len(headers) + len(body) + 16, len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))
