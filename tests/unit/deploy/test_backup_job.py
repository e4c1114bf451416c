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

from finrag_ml_tg1.commands.backup import backup
from tests.sample_index import ROOT

COMPONENTS = ROOT / "deploy" / "kubernetes" / "finrag" / "components"


def read(path: str) -> dict[str, Any]:
    return dict(yaml.safe_load((COMPONENTS / path).read_text(encoding="utf-8")))


def settings(component: str, name: str) -> dict[str, str]:
    """The literals of a ConfigMap that a component makes or adds to."""
    generators = read(f"{component}/kustomization.yaml")["configMapGenerator"]
    (literals,) = (each["literals"] for each in generators if each["name"] == name)
    return dict(literal.split("=", 1) for literal in literals)


def pod(path: str) -> dict[str, Any]:
    return dict(read(path)["spec"]["jobTemplate"]["spec"]["template"]["spec"])


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
    (container,) = pod("backup-vectors/snapshot.yaml")["initContainers"]
    place = {"QDRANT_URL": url, "QDRANT_COLLECTION": "filings", "SNAPSHOTS": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(container["command"], env=place, capture_output=True, text=True, check=False, timeout=30)


def test_a_snapshot_of_the_vector_engine_is_made_fetched_and_removed_there(tmp_path: Path) -> None:
    """SU-07."""
    routes = "/collections/filings/snapshots"
    made = b'{"result": {"name": "filings-1-2026.snapshot", "size": 7}, "status": "ok", "time": 0.1}'
    answers = {
        f"POST {routes}": made,
        f"GET {routes}/filings-1-2026.snapshot": b"vectors",
        f"DELETE {routes}/filings-1-2026.snapshot": b"{}",
    }
    asked: list[str] = []
    with qdrant(answers, asked) as url:
        done = take_snapshot(url, tmp_path)
    assert done.returncode == 0, done.stderr
    assert asked == list(answers)
    assert (tmp_path / "qdrant.snapshot").read_bytes() == b"vectors"


@pytest.mark.parametrize("made", [None, b"{}"], ids=["refused", "no name"])
def test_the_job_ends_when_there_is_no_snapshot(tmp_path: Path, made: bytes | None) -> None:
    answers = {} if made is None else {"POST /collections/filings/snapshots": made}
    with qdrant(answers, []) as url:
        assert take_snapshot(url, tmp_path).returncode != 0


def test_the_snapshot_is_of_the_collection_that_back_ends_ask() -> None:
    address = settings("vector-search", "backend-settings")["FINRAG_VECTOR_INDEX"]
    kept = settings("backup-vectors", "backup-settings")
    assert address == f"qdrant+{kept['QDRANT_URL']}/{kept['QDRANT_COLLECTION']}"


def test_no_two_backups_run_at_once_and_each_snapshot_is_handed_on() -> None:
    """SU-07: on a schedule."""
    assert read("backup/cronjob.yaml")["spec"]["concurrencyPolicy"] == "Forbid"
    (container,) = pod("backup/cronjob.yaml")["containers"]
    assert container["command"] == ["finrag", "backup"]
    assert container["args"][:2] == ["--to", "$(BACKUP_TO)"]
    assert container["args"][-1] == "--snapshot=redis.rdb=/snapshots/redis.rdb"
    vectors = (COMPONENTS / "backup-vectors/kustomization.yaml").read_text(encoding="utf-8")
    assert "--snapshot=qdrant.snapshot=/snapshots/qdrant.snapshot" in vectors
    given = backup.make_context("backup", [*container["args"]]).params
    assert given["snapshots"] == {"redis.rdb": Path("/snapshots/redis.rdb")}
    assert (given["target_url"], given["keep_daily"], given["keep_weekly"]) == ("$(BACKUP_TO)", 7, 4)
