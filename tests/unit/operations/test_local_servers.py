"""`finrag up` starts both servers, says where the chat is, and leaves nothing behind, whatever ends it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from finrag_ml_tg1.operations import local_servers
from tests.local_processes import clean_environment, end, free_port, wait_until
from tests.sample_index import sample_store
from tests.unit.operations.doctor.answering_server import Reply, Request, s3_refusal, serve

__all__ = ["sample_store"]

FINRAG = [sys.executable, "-c", "from finrag_ml_tg1.cli import main; main()"]


@dataclass(frozen=True, slots=True)
class Up:
    """A running `finrag up`."""

    process: subprocess.Popen[bytes]
    backend_port: int
    frontend_port: int
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def wait_until_ready(self) -> None:
        wait_until(lambda: "ready" in self.output or self.process.poll() is not None, "finrag up is ready", 60)
        assert f"ready http://localhost:{self.frontend_port}\n" in self.output


@contextmanager
def run_up(store: Path | str, folder: Path, **settings: str) -> Iterator[Up]:
    """Run `finrag up` in `folder` on free ports; what it left behind is stopped at the end of the block."""
    backend_port, frontend_port = free_port(), free_port()
    log = folder / "up.log"
    ports = ["--backend-port", str(backend_port), "--frontend-port", str(frontend_port)]
    environment = clean_environment(FINRAG_STORE=str(store), FINRAG_CACHE_DIR=str(folder / "cache"), **settings)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*FINRAG, "up", "--no-browser", *ports], env=environment, cwd=folder, stdout=output, stderr=output
        )
    try:
        yield Up(process, backend_port, frontend_port, log)
    finally:
        end(process)


def is_running(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def get(port: int, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=5)


def answers(port: int, path: str) -> bool:
    try:
        return get(port, path).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_both_servers_end_with_the_command(tmp_path: Path, sample_store: Path, number: signal.Signals) -> None:
    """SIGHUP is what a terminal sends when its window is closed."""
    with run_up(sample_store, tmp_path) as up:
        up.wait_until_ready()
        assert get(up.backend_port, "/readyz").text == "ok"
        children = up.children()
        assert len(children) == 2
        up.process.send_signal(number)
        assert up.process.wait(timeout=30) == 0
        assert [pid for pid in children if is_running(pid)] == []
        assert "Traceback" not in up.output


def test_second_interrupt_leaves_no_server_behind(tmp_path: Path, sample_store: Path) -> None:
    with run_up(sample_store, tmp_path) as up:
        up.wait_until_ready()
        wait_until(lambda: " INFO serving.backend.served_versions: index " in up.output, "its log is for people")
        children = up.children()
        # Held still, the front end cannot end at the first signal, so that the second arrives while it is waited for.
        front_end = max(children, key=started_last)
        os.kill(front_end, signal.SIGSTOP)
        up.process.send_signal(signal.SIGINT)
        wait_until(lambda: sum(map(is_running, children)) == 1, "the back end has ended")
        up.process.send_signal(signal.SIGINT)
        os.kill(front_end, signal.SIGCONT)
        assert up.process.wait(timeout=30) == 0
        assert [pid for pid in children if is_running(pid)] == []
        assert "Traceback" not in up.output


def started_last(pid: int) -> int:
    """The start time of a process in clock ticks."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def test_store_without_index_comes_up_on_the_ports_given_past_port_and_proxy_of_the_environment(tmp_path: Path) -> None:
    """PORT is the platform's, and a proxy that cannot be reached must not stand between the launcher and loopback."""
    decoy, dead_proxy = free_port(), f"http://127.0.0.1:{free_port()}"
    with run_up(tmp_path / "store", tmp_path, PORT=str(decoy), HTTP_PROXY=dead_proxy, http_proxy=dead_proxy) as up:
        up.wait_until_ready()
        assert get(up.backend_port, "/livez").text == "ok"
        wait_until(lambda: "finrag ingest" in get(up.backend_port, "/readyz").text, "the reason is given")
        assert get(up.frontend_port, "/_stcore/health").text == "ok"
        with pytest.raises(httpx.ConnectError):
            get(decoy, "/")


@contextmanager
def hesitating_bucket(store: Path) -> Iterator[tuple[str, threading.Event]]:
    """Give the address of an S3 service that says nothing before the event, and then has the objects of a folder."""
    may_answer = threading.Event()

    def answer(request: Request) -> Reply:
        may_answer.wait(60)
        file = store / request.path.partition("?")[0].removeprefix("/bucket/")
        if not file.is_file():
            return s3_refusal(404, "NoSuchKey")
        start, _, end = request.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        data = file.read_bytes()
        piece = data[int(start) : int(end or len(data)) + 1]
        whole = {"ETag": '"1"', "Content-Range": f"bytes {start}-{int(start) + len(piece) - 1}/{len(data)}"}
        return Reply(206 if "Range" in request.headers else 200, piece, whole)

    with serve(answer) as url:
        try:
            yield url, may_answer
        finally:
            may_answer.set()


def keys_for(url: str) -> dict[str, str]:
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test")
    return {"AWS_ENDPOINT_URL_S3": url, "AWS_REGION": "us-east-1", "FINRAG_QUERY_LOG": "off", **keys}


def test_ready_is_said_when_the_index_is_loaded(tmp_path: Path, sample_store: Path) -> None:
    with (
        hesitating_bucket(sample_store) as (url, may_answer),
        run_up("s3://bucket", tmp_path, **keys_for(url)) as up,
    ):
        wait_until(lambda: answers(up.backend_port, "/livez"), "the back end answers")
        wait_until(lambda: answers(up.frontend_port, "/_stcore/health"), "the front end answers")
        time.sleep(0.5)
        assert get(up.backend_port, "/readyz").json()["reason"] == "loading"
        assert "ready" not in up.output
        may_answer.set()
        up.wait_until_ready()
        assert get(up.backend_port, "/readyz").text == "ok"


STAND_IN = """
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        said = None if self.path in ("/livez", "/_stcore/health") else sys.argv[2]
        self.send_response(200 if said is None else 503)
        self.end_headers()
        self.wfile.write(b"ok" if said is None else said.encode())
    def log_message(self, *arguments):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.mark.parametrize(
    ("said", "limit_s", "least_s"),
    [
        ('{"reason": "loading"}', 0.5, 0.5),
        ('{"reason": "obstacle"}', 60.0, 0.0),
        ('{"detail": "x"}', 60.0, 0.0),
        ("<html>", 60.0, 0.0),
    ],
)
def test_index_is_waited_for_only_while_it_loads_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, said: str, limit_s: float, least_s: float
) -> None:
    def command(port: int) -> list[str]:
        return [sys.executable, "-S", "-c", STAND_IN, str(port), said]

    monkeypatch.setattr(local_servers, "_backend_command", command)
    monkeypatch.setattr(local_servers, "_frontend_command", command)
    monkeypatch.setattr(local_servers, "_LOADING_SECONDS", limit_s)
    began = time.monotonic()
    with local_servers.start_servers(free_port(), free_port(), clean_environment()):
        assert least_s <= time.monotonic() - began < 30


def test_end_of_one_server_ends_the_other_and_is_reported(tmp_path: Path, sample_store: Path) -> None:
    with run_up(sample_store, tmp_path) as up:
        up.wait_until_ready()
        children = up.children()
        os.kill(min(children, key=started_last), signal.SIGKILL)
        assert up.process.wait(timeout=30) == 2
        assert "finrag: the back end ended" in up.output
        assert [pid for pid in children if is_running(pid)] == []


@pytest.mark.parametrize(("option", "name"), [("--backend-port", "back end"), ("--frontend-port", "front end")])
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_taken_port_is_named_with_its_option(tmp_path: Path, option: str, name: str, address: str) -> None:
    with socket.socket() as taken:
        taken.bind((address, 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"--backend-port": free_port(), "--frontend-port": free_port()} | {option: port}
        assert refused_up(tmp_path, ports) == (
            f"finrag: port {port} for the {name} is taken (Address already in use): stop what uses it, or give another "
            f"with {option}\n"
        )


def test_one_port_for_both_is_refused(tmp_path: Path) -> None:
    port = free_port()
    message = refused_up(tmp_path, {"--backend-port": port, "--frontend-port": port})
    assert message.count("\n") == 1
    assert f"port {port}" in message
    assert "--frontend-port" in message


def refused_up(folder: Path, ports: dict[str, int]) -> str:
    """Return what `finrag up` prints as it refuses to start with these ports, at once and with exit code 2."""
    arguments = [text for option, port in ports.items() for text in (option, str(port))]
    environment = clean_environment(FINRAG_STORE=str(folder / "store"))
    command = [*FINRAG, "up", "--no-browser", *arguments]
    ended = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    return ended.stderr
