"""A coding agent on loopback that knows the documented routes, headers and fields, and refuses every other with 599."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["Answer", "FakeAgent", "Received", "fake_agent"]

_FIX_FIELDS: dict[str, tuple[type, ...]] = {
    "issue_url": (str,),
    "base_branch": (str,),
    "pr_type": (str,),
    "dry_run": (bool,),
    "callback_url": (str,),
    "max_cost": (int, float),
    "max_minutes": (int, float),
}
_REPORT_FIELDS = {"report_id", "title", "body"}
_REPORT_ID = re.compile(r"[A-Za-z0-9._-]{1,100}\Z")
_UNDOCUMENTED = 599


@dataclass(frozen=True)
class Answer:
    """What is answered instead of the documented thing; status 0 drops the connection."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass
class FakeAgent:
    """Jobs go through the states of `script`, one for each GET."""

    api_key: str
    url: str = ""
    script: list[dict[str, Any]] = field(default_factory=lambda: [{"status": "pending"}])
    instead: deque[Answer] = field(default_factory=deque)
    act_before_instead: bool = False
    received: list[Received] = field(default_factory=list)
    jobs_by_key: dict[str, str] = field(default_factory=dict)
    jobs_by_issue: dict[str, str] = field(default_factory=dict)
    reports: dict[str, str] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    reads: int = 0

    def job(self, job_id: str) -> dict[str, Any]:
        """Return the job's view with the fields of the documented answer."""
        now = (
            {"status": "cancelled"} if job_id in self.cancelled else self.script[min(self.reads, len(self.script) - 1)]
        )
        view = {
            "job_id": job_id,
            "stage": None,
            "pr_url": None,
            "branch": None,
            "base_commit": None,
            "cost_usd": 0.0,
            "steps": 0,
            "error": None,
        }
        return {**view, **now}

    def answer(self, request: Received) -> tuple[int, Any]:  # noqa: PLR0911
        """Return status and body of the documented answer."""
        if request.headers.get("x-api-key") != self.api_key:
            detail = f"The key {request.headers.get('x-api-key')} is not known"
            return 401, {"title": "Unauthorized", "status": 401, "detail": detail, "code": "unauthorized"}
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["fix-issue"]:
                return self._fix(request)
            case "POST", ["reports"]:
                if set(request.body) != _REPORT_FIELDS or not _REPORT_ID.match(request.body["report_id"]):
                    return _UNDOCUMENTED, {}
                job_id = self.reports.setdefault(request.body["report_id"], f"job-{len(self.reports) + 100}")
                issue = f"https://github.com/acme/app/issues/{len(self.reports)}"
                return 202, {"issue_url": issue, "job_id": job_id, "status_url": f"{self.url}/jobs/{job_id}"}
            case "GET", ["jobs", job_id] if not request.query:
                if job_id not in self.jobs_by_key.values():
                    return 404, {"title": "Not found", "status": 404, "detail": "There is no such job"}
                view = self.job(job_id)
                self.reads += 1
                return 200, view
            case "GET", ["jobs", job_id, "logs"] if set(request.query) <= {"tail"}:
                lines = [{"number": n, "at": 1.0, "text": f"line {n}"} for n in (1, 2, 3)]
                tail = int(request.query.get("tail", ["3"])[0])
                return 200, {"lines": lines[-tail:]}
            case "POST", ["jobs", job_id, "cancel"] if request.body is None:
                if job_id in self.cancelled:
                    detail = "A job that is cancelled does not become cancelled"
                    return 409, {"title": "Conflict", "status": 409, "detail": detail, "code": "move_refused"}
                self.cancelled.add(job_id)
                return 200, self.job(job_id)
        return _UNDOCUMENTED, {}

    def _fix(self, request: Received) -> tuple[int, Any]:
        body = request.body
        known = isinstance(body, dict) and all(isinstance(v, _FIX_FIELDS.get(k, ())) for k, v in body.items())
        if not known or "issue_url" not in body or "idempotency-key" not in request.headers:
            return _UNDOCUMENTED, {}
        key = request.headers["idempotency-key"]
        new = key not in self.jobs_by_key and body["issue_url"] not in self.jobs_by_issue
        job_id = (
            self.jobs_by_key.get(key) or self.jobs_by_issue.get(body["issue_url"]) or f"job-{len(self.jobs_by_key)}"
        )
        self.jobs_by_key[key] = self.jobs_by_issue[body["issue_url"]] = job_id
        answer = {"job_id": job_id, "status": "pending", "status_url": f"{self.url}/jobs/{job_id}"}
        return (202 if new else 200), answer


@contextmanager
def fake_agent(api_key: str) -> Iterator[FakeAgent]:
    """Serve until the block ends."""
    agent = FakeAgent(api_key)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Received(
                self.command, parts.path, parse_qs(parts.query), headers, json.loads(raw) if raw else None
            )
            agent.received.append(request)
            if agent.instead:
                if agent.act_before_instead:
                    agent.answer(request)
                self._send(agent.instead.popleft())
                return
            status, body = agent.answer(request)
            kind = "application/json" if status < 400 else "application/problem+json"
            self._send(Answer(status, json.dumps(body).encode(), {"content-type": kind}))

        do_GET = do_POST = _handle  # noqa: N815 (the names that the base class calls)

        def _send(self, answer: Answer) -> None:
            if answer.status == 0:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(answer.status)
            for name, value in {**answer.headers, "content-length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    agent.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield agent
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
