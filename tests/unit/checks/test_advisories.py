"""A vulnerability that a service tells of is found; of a service that is away or knows nothing it is said."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from checks.advisories import Service, ask_advisories
from tests.local_processes import free_port

_ADVISORY = {
    "id": "PYSEC-2023-228",
    "aliases": ["CVE-2099-0001"],
    "summary": "a fictional one",
    "published": "2026-01-01T00:00:00Z",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "left-pad", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}],
        }
    ],
}


class _Osv(BaseHTTPRequestHandler):
    """Answers as osv.dev does: left-pad has a vulnerability, other packages have none."""

    advisories = True

    def do_GET(self) -> None:
        self._answer(_ADVISORY if self.advisories else {"info": {"name": "pip"}})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer({"vulns": [_ADVISORY]} if asked["package"]["name"] == "left-pad" else {})

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing."""


class _Mirror(_Osv):
    advisories = False


@contextmanager
def _served(handler: type[_Osv]) -> Iterator[Service]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield Service("osv", address, ("--osv-url", f"{address}/v1/query"))
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock.txt"
    path.write_text(f"left-pad==1.1 --hash=sha256:{'ab' * 32}\nright-pad==1.0 --hash=sha256:{'cd' * 32}\n")
    return path


def test_vulnerability_is_named_with_what_to_do(lock: Path) -> None:
    with _served(_Osv) as service:
        asked = ask_advisories([lock], [], [service])
    assert asked.skipped == ""
    assert asked.found == (
        "left-pad 1.1: PYSEC-2023-228 CVE-2099-0001, mended in 1.2: raise it in pyproject.toml, make lock",
    )


def test_vulnerability_with_an_exception_is_passed_over(lock: Path) -> None:
    with _served(_Osv) as service:
        asked = ask_advisories([lock], ["CVE-2099-0001"], [service])
    assert (asked.found, asked.skipped) == ((), "")


def test_service_that_is_away_is_said_to_be(lock: Path) -> None:
    away = Service("osv", f"http://127.0.0.1:{free_port()}")
    assert ask_advisories([lock], [], [away]).skipped == "no advisory service can be reached from here (osv)"


def test_mirror_without_advisories_is_no_service(lock: Path) -> None:
    with _served(_Mirror) as service:
        assert "no advisory service" in ask_advisories([lock], [], [service]).skipped


def test_service_that_takes_too_long_is_given_up(lock: Path) -> None:
    with _served(_Osv) as service:
        assert "did not answer" in ask_advisories([lock], [], [service], timeout_s=0.01).skipped
