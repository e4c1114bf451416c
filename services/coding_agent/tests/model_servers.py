"""Servers that speak as OpenAI's chat completions and Bedrock's Converse do, and take documented fields only."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

_OPENAI_FIELDS = {
    *(
        "model",
        "messages",
        "max_completion_tokens",
        "max_tokens",
        "temperature",
        "top_p",
        "n",
        "stop",
        "stream",
        "seed",
    ),
    *("stream_options", "user", "tools", "tool_choice", "response_format", "logprobs", "reasoning_effort", "store"),
}
_CONVERSE_FIELDS = {
    *("messages", "system", "inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields"),
    *("promptVariables", "additionalModelResponseFieldPaths", "requestMetadata", "performanceConfig"),
}
_INFERENCE_FIELDS = {"maxTokens", "temperature", "topP", "stopSequences"}


class ModelServer:
    """What a server was asked, and what it answers next: (status, headers, body), the last of them again and again."""

    def __init__(self, url: str, answers: list[tuple[int, dict[str, str], Any]], delay_s: float) -> None:
        self.url = url
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.refused: list[str] = []
        self.answers = answers
        self.delay_s = delay_s

    def next_answer(self) -> tuple[int, dict[str, str], Any]:
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


def _wrong_openai(path: str, body: dict[str, Any]) -> str:
    if path != "/v1/chat/completions":
        return f"no such route {path}"
    if unknown := body.keys() - _OPENAI_FIELDS:
        return f"unknown fields {sorted(unknown)}"
    if not isinstance(body.get("model"), str) or not body.get("messages"):
        return "model and messages are required"
    for message in body["messages"]:
        if message.keys() != {"role", "content"} or message["role"] not in {"system", "user", "assistant"}:
            return f"a message of {sorted(message)}"
    return ""


def _wrong_converse(path: str, body: dict[str, Any]) -> str:
    if not unquote(path).startswith("/model/") or not path.endswith("/converse"):
        return f"no such route {path}"
    if unknown := body.keys() - _CONVERSE_FIELDS:
        return f"unknown fields {sorted(unknown)}"
    if unknown := body.get("inferenceConfig", {}).keys() - _INFERENCE_FIELDS:
        return f"unknown fields {sorted(unknown)}"
    roles = [message["role"] for message in body["messages"]]
    if roles != (["user", "assistant"] * len(roles))[: len(roles)] or roles[-1] != "user":
        return "turns must alternate, from user to user"
    texts = [*body.get("system", []), *(block for message in body["messages"] for block in message["content"])]
    if any(block.keys() != {"text"} or not block["text"].strip() for block in texts):
        return "every block holds text"
    return ""


@contextmanager
def model_server(kind: str, *answers: tuple[int, dict[str, str], Any], delay_s: float = 0.0) -> Iterator[ModelServer]:
    """Serve on loopback; `kind` is openai or bedrock. A body that is bytes is sent as it is."""
    wrong = _wrong_openai if kind == "openai" else _wrong_converse

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.asked.append(body)
            state.headers.append({name.lower(): value for name, value in self.headers.items()})
            state.paths.append(self.path)
            status, headers, answer = state.next_answer()
            if reason := wrong(self.path, body):
                state.refused.append(reason)
                status, headers, answer = 400, {"x-amzn-errortype": "ValidationException"}, {"message": reason}
            time.sleep(state.delay_s)
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that left is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    state = ModelServer(f"http://127.0.0.1:{server.server_port}", list(answers), delay_s)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert state.refused == []
