"""One command shows all of it, and leaves nothing behind."""

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
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from scheduler.tests.running_redis import free_port, running_redis

SERVICES = Path(__file__).parents[2]
_START_S = 60.0
_END_S = 60.0


@dataclass
class Up:
    """The command as it runs."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    readers: list[threading.Thread] = field(default_factory=list)

    def told(self, name: str) -> str:
        """What it printed beside this name, once it has."""
        end = time.monotonic() + _START_S
        while not any("Ctrl-C ends" in line for line in self.lines):
            assert self.process.poll() is None, self.errors
            assert time.monotonic() < end, self.lines
            time.sleep(0.05)
        [line] = [line for line in self.lines if line.startswith(name)]
        return line.removeprefix(name).strip()

    def ended(self) -> int:
        """The exit status, once it has ended and all that it printed is read."""
        status = self.process.wait(_END_S)
        for reader in self.readers:
            reader.join()
        return status


@contextmanager
def running_up(**variables: str) -> Iterator[Up]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SCHEDULER_", "AWS_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "scheduler", "up"],
        env={**environment, "PYTHONPATH": str(SERVICES), "PYTHONUNBUFFERED": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    up = Up(process)
    assert process.stdout is not None
    assert process.stderr is not None
    up.readers = [
        threading.Thread(target=kept.extend, args=(stream,), daemon=True)
        for kept, stream in ((up.lines, process.stdout), (up.errors, process.stderr))
    ]
    for reader in up.readers:
        reader.start()
    try:
        yield up
    finally:
        for child in [*psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []:
            child.kill()
        process.kill()
        process.wait()
        for reader in up.readers:
            reader.join()
        process.stdout.close()
        process.stderr.close()


def test_everything_is_started_shown_and_ended(tmp_path: Path) -> None:
    """SC-10, SC-12: Redis, object store, both roles and a target from nothing; a demo trigger is seen on the page."""
    taken = socket.create_server(("127.0.0.1", 0))
    wanted = {
        "SCHEDULER_PORT": str(taken.getsockname()[1]),
        "SCHEDULER_WORKER_PORT": "0",
        "SCHEDULER_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "SCHEDULER_METRICS_FLUSH_S": "0.2",
        "TMPDIR": str(tmp_path),
    }
    with taken, running_up(**wanted) as up, httpx.Client(trust_env=False, timeout=30, verify=False) as client:
        dashboard = up.told("dashboard")
        assert f":{wanted['SCHEDULER_PORT']}/" not in dashboard  # It is taken: another one was found.
        assert up.told("Redis") == "started here, in memory"
        page = client.get(dashboard)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert client.get(up.told("queue")).status_code == 200
        assert client.get(up.told("worker")).status_code == 200

        triggers = up.told("API")
        assert client.get(triggers).json()["count"] == 7
        assert client.post(f"{triggers}/demo:dev:0/run").status_code == 202
        _await_execution(client, dashboard, "demo:dev:0")
        assert "demo-dev-trigger-0" in client.get(dashboard).text

        children = psutil.Process(up.process.pid).children(recursive=True)
        assert len(children) >= 4
        up.process.send_signal(signal.SIGINT)
        assert up.ended() == 0
        gone, left = psutil.wait_procs(children, timeout=5)
        assert (len(gone), left) == (len(children), [])
        assert list(tmp_path.iterdir()) == []


def _await_execution(client: httpx.Client, dashboard: str, job_id: str) -> None:
    """Return when the page's JSON tells of an execution of this trigger: others may be recorded before."""
    url = dashboard.replace("/metrics?workspace_id=", "/metrics/api/")
    end = time.monotonic() + 30
    while job_id not in {each["job_id"] for each in client.get(url).raise_for_status().json()["executions"]}:
        assert time.monotonic() < end
        time.sleep(0.2)


def test_what_is_there_is_used_and_left_as_it_was() -> None:
    variables = {"SCHEDULER_PORT": "0", "SCHEDULER_WORKER_PORT": "0"}
    variables["SCHEDULER_S3_ENDPOINT"] = f"http://127.0.0.1:{free_port()}"  # Away, and not replaced.
    with running_redis() as redis, running_up(**variables, **redis.environment) as up:
        assert up.told("Redis") == "the one that was there"
        assert up.told("object store") == "the one of the settings"
        up.process.send_signal(signal.SIGTERM)
        assert up.ended() == 0
        with socket.create_connection(("127.0.0.1", redis.port)) as connection:
            connection.sendall(b"SMEMBERS scheduler:sets\r\n")
            assert connection.recv(100) == b"*0\r\n"  # The demo's triggers are gone: nothing calls a target that ended.


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"SCHEDULER_ENVIRONMENT": "production"}, "in production run `api` and `worker`"),
        ({"SCHEDULER_REDIS_URL": "redis://redis.invalid:6379/0"}, "SCHEDULER_REDIS_URL: nothing answers there"),
        ({"SCHEDULER_PORT": "many"}, "SCHEDULER_PORT"),
    ],
    ids=["production", "redis elsewhere", "a wrong setting"],
)
def test_what_cannot_be_started_is_told_in_a_line(variables: dict[str, str], words: str) -> None:
    with running_up(**variables) as up:
        assert up.ended() == 1
    [line] = up.errors
    assert line.startswith("The demo does not start: ")
    assert words in line
