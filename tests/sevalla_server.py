"""A server on loopback that speaks as Sevalla's API v3 is documented to, and holds applications that change.

The shapes are those of the documentation (docs/operations/sevalla-api.md names the pages), with their other fields, so
that a client which reads more or less of them is found out. Deployments pass a stage at each look.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["BACKEND_ID", "FRONTEND_ID", "Fault", "Received", "SevallaServer", "serving_sevalla"]

BACKEND_ID = "11111111-2222-4333-8444-555555555555"
FRONTEND_ID = "66666666-7777-4888-8999-aaaaaaaaaaaa"
_CREATED = "2026-11-20T10:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    body: Any
    authorization: str | None


@dataclass(slots=True)
class Fault:
    """What the server answers instead, `times` times, to requests whose "METHOD path" matches.

    `is_done`: the request is carried out all the same. `after_s`: how late the answer comes.
    """

    pattern: str
    status: int
    times: int = 1_000_000
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    is_done: bool = False
    after_s: float = 0.0


class SevallaServer:
    """The state, and all requests that came; built with the two applications, running, as the descriptor has them."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.url = ""
        self.received: list[Received] = []
        self.faults: list[Fault] = []
        self.applications: dict[str, dict[str, Any]] = {}
        self.processes: dict[str, list[dict[str, Any]]] = {}
        self.deployments: dict[str, list[dict[str, Any]]] = {}
        self.stages: list[str] = ["waiting", "inProgress", "success"]
        self.looks_until_changed = 0
        self._changing: dict[str, tuple[bool, int]] = {}
        self.lock = threading.Lock()
        self.add(BACKEND_ID, "finrag-backend")
        self.add(FRONTEND_ID, "finrag-frontend")

    @property
    def sent(self) -> list[tuple[str, str, Any]]:
        """What came and was no GET."""
        return [(one.method, one.path, one.body) for one in self.received if one.method != "GET"]

    def add(self, application_id: str, display_name: str) -> None:
        """Add an application as the descriptor has it: the newest is listed first."""
        is_backend = "backend" in display_name
        self.applications = {
            application_id: _application(application_id, display_name, is_backend=is_backend)
        } | self.applications
        self.processes[application_id] = [_web_process(application_id, display_name, is_backend=is_backend)]
        self.deployments[application_id] = [_deployment(application_id, 0, "success")]

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], body: object) -> tuple[int, Any]:
        """Return status and content."""
        if path == "/applications":
            keys = "id name display_name status type source is_suspended created_at updated_at".split()
            return 200, _page([{key: one[key] for key in keys} for one in self.applications.values()], query)
        match = re.fullmatch(r"/applications/([^/]+)(?:/(processes|deployments|suspend|activate))?(?:/([^/]+))?", path)
        if match is None or match[1] not in self.applications:
            return 404, _error(404, "Not found")
        application_id, what, which = match.groups()
        if method == "GET":
            return self._read(application_id, what, which, query)
        if what == "deployments":
            return self._deploy(application_id, body)
        self._changing[application_id] = (what == "suspend", self.looks_until_changed)
        self._look(application_id)
        return 200, {"message": f"Application {what} started"}

    def _read(
        self, application_id: str, what: str | None, which: str | None, query: Mapping[str, list[str]]
    ) -> tuple[int, Any]:
        if what is None:
            self._look(application_id)
            return 200, self.applications[application_id]
        if what == "processes":
            return 200, _page(self.processes[application_id], query)
        if which is None:
            return 200, _page(self.deployments[application_id], query)
        for deployment in self.deployments[application_id]:
            if deployment["id"] == which:
                self._advance(deployment)
                return 200, deployment
        return 404, _error(404, "Not found")

    def _deploy(self, application_id: str, body: object) -> tuple[int, Any]:
        if not isinstance(body, dict) or body.keys() - {"branch", "docker_image", "is_restart"}:
            return 422, _error(422, "Validation failed")
        existing = self.deployments[application_id]
        deployment = _deployment(application_id, len(existing), self.stages[0])
        existing.insert(0, deployment)
        return 201, deployment

    def _advance(self, deployment: dict[str, Any]) -> None:
        if deployment["status"] in self.stages[:-1]:
            deployment["status"] = self.stages[self.stages.index(deployment["status"]) + 1]
            if deployment["status"] not in {"waiting", "inProgress"}:
                deployment["finished_at"] = "2026-11-20T10:03:20.000Z"

    def _look(self, application_id: str) -> None:
        if application_id in self._changing:
            is_suspended, looks = self._changing[application_id]
            if looks == 0:
                self.applications[application_id]["is_suspended"] = is_suspended
                del self._changing[application_id]
            else:
                self._changing[application_id] = (is_suspended, looks - 1)


@contextmanager
def serving_sevalla(token: str) -> Iterator[SevallaServer]:
    """Yield a server that listens until the end of the block."""
    state = SevallaServer(token)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body at once: sent in two parts, the second would wait for 40 ms

        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            self._handle()

        def do_POST(self) -> None:
            self._handle()

        do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815  # the names that http.server calls

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            parts = urlsplit(self.path)
            path = parts.path.removeprefix("/v3")
            with state.lock:
                body = json.loads(raw) if raw else None
                state.received.append(Received(self.command, path, body, self.headers["Authorization"]))
                fault = _fault(state.faults, f"{self.command} {path}")
                if self.headers["Authorization"] != f"Bearer {state.token}":
                    status, content = 401, _error(401, "Unauthorized")
                elif fault is None or fault.is_done:
                    status, content = state.answer(self.command, path, parse_qs(parts.query), body)
                encoded = json.dumps(content).encode() if fault is None else b""
            headers = {"x-ratelimit-limit": "400", "x-ratelimit-remaining": "398", "x-request-id": "req-a1b2c3d4e5"}
            if fault is not None:
                time.sleep(fault.after_s)
                status = fault.status
                headers |= fault.headers
                encoded = fault.body if fault.body is not None else json.dumps(_error(status, "Refused")).encode()
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(encoded))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(encoded)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v3"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _fault(faults: list[Fault], request: str) -> Fault | None:
    for fault in faults:
        if fault.times > 0 and re.fullmatch(fault.pattern, request):
            fault.times -= 1
            return fault
    return None


def _page(items: list[dict[str, Any]], query: Mapping[str, list[str]]) -> dict[str, Any]:
    limit, offset = int(query.get("limit", ["25"])[0]), int(query.get("offset", ["0"])[0])
    assert 1 <= limit <= 100, "the documented range"
    assert 0 <= offset <= 10_000, "the documented range"
    return {"data": items[offset : offset + limit], "total": len(items), "offset": offset, "limit": limit}


def _error(status: int, message: str) -> dict[str, Any]:
    return {"message": message, "status": status, "data": {"code": "err-abc-123", "message": "Please contact support."}}


def _application(application_id: str, display_name: str, *, is_backend: bool) -> dict[str, Any]:
    end = "backend" if is_backend else "frontend"
    return {
        "id": application_id,
        "company_id": None,
        "project_id": None,
        "name": f"{display_name}-k3j4h",
        "namespace": f"{display_name}-k3j4h",
        "display_name": display_name,
        "status": "deploymentSuccess",
        "type": "app",
        "source": "privateGit",
        "is_suspended": False,
        "build_cache_enabled": True,
        "hibernation_enabled": False,
        "hibernate_after_seconds": None,
        "auto_deploy": False,
        "wait_for_checks": False,
        "cluster_id": "fb5e5168-4281-4bec-94c5-0d1584e9e657",
        "git_type": "github",
        "repo_url": "https://github.com/owner/finrag",
        "default_branch": "main",
        "docker_image": None,
        "build_type": "dockerfile",
        "dockerfile_path": f"deploy/docker/Dockerfile.{end}",
        "docker_context": ".",
        "created_at": _CREATED,
        "updated_at": _CREATED,
    }


def _web_process(application_id: str, display_name: str, *, is_backend: bool) -> dict[str, Any]:
    def probe(path: str) -> dict[str, Any]:
        return {"httpGet": {"path": path, "port": 8000, "scheme": "HTTP"}}

    return {
        "id": "fb5e5168-4281-4bec-94c5-0d1584e9e657",
        "app_id": application_id,
        "key": "web",
        "type": "web",
        "display_name": "Web process",
        "entrypoint": "",
        "port": 8000 if is_backend else 8501,
        "is_ingress_enabled": not is_backend,
        "ingress_protocol": "http",
        "scaling_strategy": {"type": "manual", "config": {"instanceCount": 1}},
        "resource_type_id": "fb5e5168-4281-4bec-94c5-0d1584e9e657",
        "resource_type_name": "s2" if is_backend else "s1",
        "cpu_limit": 1000 if is_backend else 500,
        "memory_limit": 2048 if is_backend else 1024,
        "schedule": None,
        "time_zone": None,
        "job_start_policy": None,
        "liveness_probe": probe("/livez" if is_backend else "/_stcore/health"),
        "readiness_probe": probe("/readyz" if is_backend else "/_stcore/health"),
        "internal_hostname": f"{display_name}-k3j4h-web.{display_name}-k3j4h.svc.cluster.local",
        "created_at": _CREATED,
        "updated_at": _CREATED,
    }


def _deployment(application_id: str, number: int, status: str) -> dict[str, Any]:
    return {
        "id": f"{application_id[:24]}{number:012d}",
        "app_id": application_id,
        "status": status,
        "type": "deploy",
        "trigger": "api",
        "steps": [],
        "docker_image_url": None,
        "git_type": "github",
        "repo_url": "https://github.com/owner/finrag",
        "branch": "main",
        "commit_sha": "0123456789abcdef0123456789abcdef01234567",
        "commit_message": "Say what is deployed",
        "author_login": "owner",
        "author_img": None,
        "started_at": _CREATED,
        "finished_at": "2026-11-20T10:03:20.000Z" if status == "success" else None,
        "created_at": _CREATED,
        "updated_at": _CREATED,
    }
