"""The job that makes backups in a cluster: what its snapshot of the vector engine asks for, and what ends it."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sample_index import ROOT

MANIFEST = ROOT / "deploy" / "kubernetes" / "finrag" / "components" / "backup" / "cronjob.yaml"
JOB: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
POD = JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]


@contextmanager
def qdrant(answers: dict[str, bytes], asked: list[str]) -> Iterator[str]:
    """A server that answers as Qdrant documents its snapshots' routes; what it does not know is 404."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            request = f"{self.command} {self.path}"
            asked.append(request)
            body = answers.get(request)
            self.send_response(HTTPStatus.NOT_FOUND if body is None else HTTPStatus.OK)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def take_snapshot(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (container,) = (each for each in POD["initContainers"] if each["name"] == "qdrant")
    place = {"QDRANT_URL": url, "QDRANT_COLLECTION": "finrag", "SNAPSHOTS": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(container["command"], env=place, capture_output=True, text=True, check=False, timeout=30)


def test_a_snapshot_of_the_vector_engine_is_made_fetched_and_removed_there(tmp_path: Path) -> None:
    """SU-07."""
    routes = "/collections/finrag/snapshots"
    made = b'{"result": {"name": "finrag-1-2026.snapshot", "size": 7}, "status": "ok", "time": 0.1}'
    answers = {
        f"POST {routes}": made,
        f"GET {routes}/finrag-1-2026.snapshot": b"vectors",
        f"DELETE {routes}/finrag-1-2026.snapshot": b"{}",
    }
    asked: list[str] = []
    with qdrant(answers, asked) as url:
        done = take_snapshot(url, tmp_path)
    assert done.returncode == 0, done.stderr
    assert asked == list(answers)
    assert (tmp_path / "qdrant.snapshot").read_bytes() == b"vectors"


@pytest.mark.parametrize("made", [None, b"{}"], ids=["refused", "no name"])
def test_the_job_ends_when_there_is_no_snapshot(tmp_path: Path, made: bytes | None) -> None:
    answers = {} if made is None else {"POST /collections/finrag/snapshots": made}
    with qdrant(answers, []) as url:
        assert take_snapshot(url, tmp_path).returncode != 0


def test_no_two_backups_run_at_once_and_each_snapshot_is_handed_on() -> None:
    """SU-07: on a schedule."""
    assert JOB["spec"]["concurrencyPolicy"] == "Forbid"
    (container,) = POD["containers"]
    command = container["command"][-1]
    assert "exec finrag backup --to " in command
    for name in ("redis.rdb", "qdrant.snapshot"):
        assert f"--snapshot {name}=/snapshots/{name}" in command
