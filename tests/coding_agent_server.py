"""A coding agent on loopback, as services/coding_agent documents it: what is not documented is refused.

It keeps what it was sent, files a report once, and answers as a test scripts it.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["AGENT_KEY", "CodingAgentServer", "Scripted"]

AGENT_KEY = "the-coding-agents-key-of-this-test"
_REPORT_FIELDS = {"report_id", "title", "body"}
_MOST_TITLE, _MOST_BODY = 256, 30_000

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scripted:
    """What one request is answered with, after `after_s`, in place of what is documented; status 0: only later."""

    status: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0


class CodingAgentServer:
    """Use as a context manager. `reports` are the bodies that were taken, `seen` the headers of all requests."""

    def __init__(self) -> None:
        self.reports: list[Json] = []
        self.seen: list[dict[str, str]] = []
        self.jobs: dict[str, Json] = {}
        self._script: list[Scripted] = []
        self._filed: dict[str, Json] = {}
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.agent = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> CodingAgentServer:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        """The address for CODING_AGENT_URL."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def script(self, *steps: Scripted) -> None:
        """Answer the next requests so, one each; those after them as documented."""
        with self._lock:
            self._script = list(steps)
            self.reports.clear()
            self.seen.clear()

    def step(self, headers: Mapping[str, str]) -> Scripted:
        """Note a request; return how it is to be answered."""
        with self._lock:
            self.seen.append({name.lower(): value for name, value in headers.items()})
            return self._script.pop(0) if self._script else Scripted()

    def file(self, report: Json) -> tuple[int, Json]:
        """Take a report as `POST /reports` does."""
        if set(report) != _REPORT_FIELDS or not all(isinstance(value, str) for value in report.values()):
            return 422, _problem(422, f"the fields are {sorted(_REPORT_FIELDS)}, all of them texts")
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", report["report_id"]):
            return 422, _problem(422, "report_id is not well-formed")
        if not 1 <= len(report["title"]) <= _MOST_TITLE or len(report["body"]) > _MOST_BODY:
            return 422, _problem(422, "title or body is too long")
        with self._lock:
            self.reports.append(report)
            number = len(self._filed) + 1
            filed = self._filed.setdefault(
                report["report_id"],
                {
                    "issue_url": f"https://github.com/acme/finrag/issues/{number}",
                    "job_id": f"job-{number:08}",
                    "status_url": f"{self.url}/jobs/job-{number:08}",
                },
            )
        return 202, filed


class _Http(ThreadingHTTPServer):
    agent: CodingAgentServer
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not self._is_let_in():
            return
        if self.path != "/reports" or self.headers.get("Content-Type") != "application/json":
            self._send(404, _problem(404, "there is no such route"))
        elif not re.fullmatch(r"[\x21-\x7e]{1,200}", self.headers.get("Idempotency-Key", "")):
            self._send(422, _problem(422, "Idempotency-Key is 1 to 200 printable ASCII characters"))
        else:
            self._send(*self.server.agent.file(json.loads(content)))

    def do_GET(self) -> None:
        if not self._is_let_in():
            return
        job = self.server.agent.jobs.get(self.path.removeprefix("/jobs/"))
        self._send(404, _problem(404, "there is no such job")) if job is None else self._send(200, job)

    def _is_let_in(self) -> bool:
        """Whether the request is to be answered as documented: it was not scripted, and has the key."""
        step = self.server.agent.step(dict(self.headers.items()))
        time.sleep(step.after_s)
        if step.status:
            self._send_bytes(step.status, step.body, step.headers)
            return False
        if self.headers.get("X-API-Key") != AGENT_KEY:
            self._send(401, _problem(401, f"{self.headers.get('X-API-Key')} is not a key"))
            return False
        return True

    def _send(self, status: int, body: Json) -> None:
        kind = "application/json" if status < 400 else "application/problem+json"
        self._send_bytes(status, json.dumps(body).encode(), {"Content-Type": kind})

    def _send_bytes(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        try:
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | dict(headers)).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # whoever asked did not wait

    def log_message(self, *message: object) -> None:
        """Say nothing."""


def _problem(status: int, detail: str) -> Json:
    return {"type": "about:blank", "title": "Refused", "status": status, "detail": detail, "code": "refused"}
