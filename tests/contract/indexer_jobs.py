"""Jobs posted to an indexing service, and waited for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.local_processes import Server, wait_until

__all__ = ["Json", "finished", "get_job", "is_running", "job_process", "post_job"]

Json = dict[str, Any]


def post_job(server: Server, kind: str, body: Json, **headers: str) -> httpx.Response:
    """Post a job; names of headers are written with underscores."""
    return _request(server, "POST", f"/jobs/{kind}", headers, json=body)


def get_job(server: Server, job_id: str, **headers: str) -> Json:
    """Return a job as it stands."""
    job: Json = _request(server, "GET", f"/jobs/{job_id}", headers).raise_for_status().json()
    return job


def _request(
    server: Server, method: str, path: str, headers: Mapping[str, str], json: Json | None = None
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    # To read the certificates that plain HTTP does not need costs more than the request.
    return httpx.request(method, server.url + path, json=json, headers=named, trust_env=False, timeout=30, verify=False)


def finished(server: Server, job_id: str, **headers: str) -> Json:
    """Return a job once it is over."""
    wait_until(lambda: get_job(server, job_id, **headers)["status"] in {"succeeded", "failed"}, f"{job_id} is over", 60)
    return get_job(server, job_id, **headers)


def job_process(server: Server) -> int:
    """Return the process of the job that runs, once there is one."""
    wait_until(lambda: bool(_children(server)), "the job has a process")
    return _children(server)[0]


def is_running(process_id: int) -> bool:
    """Whether a process has not ended."""
    return _parent(process_id) is not None


def _children(server: Server) -> list[int]:
    found = {int(path.name): _parent(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    return [process_id for process_id, parent in found.items() if parent == server.process.pid]


def _parent(process_id: int) -> int | None:
    """The parent of a process; None when it has ended."""
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[1])
