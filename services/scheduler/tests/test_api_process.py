"""The API as a process: what it is, what it is not, how much memory it takes, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from scheduler.queueing.bullmq_queue import BullMqQueue
from scheduler.queueing.job import JobState
from scheduler.tests.process_memory import memory_mb
from scheduler.tests.running_api import SECRET, key_of, keys_file
from scheduler.tests.running_redis import RunningRedis, running_redis
from scheduler.tests.running_target import running_target

_SERVICES = Path(__file__).parents[2]
_LIMIT_MB = 120
_START_S = 60.0
_PRINT_MODULES = (
    "import sys, scheduler.serving as s; "
    "print([m for m in sys.modules if m.split('.')[0] in ('polars', 'pyarrow') or m.startswith('scheduler.worker') "
    "or m in ('scheduler.queueing.bullmq_worker', 'scheduler.calls.caller')])"
)


@contextlib.contextmanager
def _process(redis: RunningRedis, folder: Path, **settings: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    given = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **redis.environment,
        "PYTHONPATH": str(_SERVICES),
        "SCHEDULER_PORT": "0",
        "SCHEDULER_ENVIRONMENT": "production",
        "SCHEDULER_KEYS_FILE": str(keys_file(folder)),
        "SCHEDULER_SESSION_SECRET": SECRET,
        **{f"SCHEDULER_{name.upper()}": value for name, value in settings.items()},
    }
    log = folder / "log"
    with log.open("wb") as written:
        command = [sys.executable, "-m", "scheduler", "api"]
        process = subprocess.Popen(command, env=given, cwd=folder, stdout=written, stderr=written)
    try:
        yield _address(process, log), process
    finally:
        process.kill()
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            if "listens at" in line:
                url = str(json.loads(line)["message"]).rpartition(" ")[2]
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"{url}/health", timeout=5, verify=False).status_code == 200:
                        return url
        time.sleep(0.05)
    raise AssertionError(f"the API did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


def test_api_stays_within_120_megabytes_and_ends_when_told(redis: RunningRedis, tmp_path: Path) -> None:
    """SC-13: after work with triggers and pages; every line of the log is JSON, none holds a key."""
    trigger = {"cron": "*/5 * * * *", "url": "https://shop.example/", "headers": {"X-Token": "never-logged-717171"}}
    headers = {"Authorization": f"Bearer {key_of('ops')}"}
    with (
        _process(redis, tmp_path) as (url, process),
        httpx.Client(base_url=url, headers=headers, timeout=60, verify=False) as client,
    ):
        for workspace in ("acme", "globex"):
            answer = client.post(f"/api/workspaces/{workspace}/triggers", json={"triggers": [trigger] * 100})
            assert answer.status_code == 200
        for _ in range(10):
            assert client.get("/api/workspaces/acme/triggers").status_code == 200
            assert client.get("/admin/queues/schedules").status_code == 200
            assert client.get("/admin/queues?state=delayed").status_code == 200
        assert client.get("/").status_code == 200
        used = memory_mb(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in {0, -signal.SIGTERM}
    assert used <= _LIMIT_MB, f"{used:.0f} MB"
    log = (tmp_path / "log").read_text()
    assert all(isinstance(json.loads(line), dict) for line in log.splitlines())
    assert "Traceback" not in log
    assert "never-logged-717171" not in log
    assert key_of("ops") not in log


def test_api_holds_no_worker(redis: RunningRedis, tmp_path: Path) -> None:
    """Original: the API imported the worker, so two replicas were two more workers; here a due job stays waiting."""

    async def waiting() -> tuple[int, int, int]:
        queue = BullMqQueue(redis.address, name="triggers", prefix="alone")
        try:
            counts = await queue.counts()
            return counts[JobState.WAITING], counts[JobState.ACTIVE], len(await queue.workers())
        finally:
            await queue.close()

    with (
        running_target() as target,
        _process(redis, tmp_path, prefix="alone", environment="development", allow_private_targets="true") as (
            url,
            process,
        ),
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key_of('acme')}"}, verify=False) as client,
    ):
        trigger = {"cron": "0 0 1 1 *", "url": f"{target.url}/200"}
        made = client.post("/api/workspaces/acme/triggers", json={"triggers": [trigger]})
        assert made.status_code == 200, made.text
        assert client.post("/api/workspaces/acme/triggers/acme:dev:0/run").status_code == 202
        time.sleep(1.5)
        assert asyncio.run(waiting()) == (1, 0, 0)
        # The process that reads executions for the pages is all that there may be beside it.
        others = [child.cmdline() for child in psutil.Process(process.pid).children(recursive=True)]
        assert all("scheduler.executions.polars_child" in command for command in others), others


def test_api_imports_neither_the_worker_nor_polars() -> None:
    """Original: what is not imported cannot run; SC-13: Polars alone would be half of the memory."""
    environment = {"PYTHONPATH": str(_SERVICES), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", _PRINT_MODULES], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_api_reconciles(redis: RunningRedis, tmp_path: Path) -> None:
    """SC-08: a schedule that got lost comes back, by the API alone."""

    async def lose(key: str) -> bool:
        queue = BullMqQueue(redis.address, name="triggers", prefix="repaired")
        try:
            return await queue.remove(key)
        finally:
            await queue.close()

    with (
        _process(redis, tmp_path, prefix="repaired", reconcile_s="0.3") as (url, _),
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key_of('acme')}"}, verify=False) as client,
    ):
        trigger = {"cron": "*/5 * * * *", "url": "https://shop.example/"}
        client.post("/api/workspaces/acme/triggers", json={"triggers": [trigger]})
        assert asyncio.run(lose("acme:dev:0"))
        deadline = time.monotonic() + 20
        while client.get("/api/workspaces/acme/triggers").json()["jobs"][0]["next"] is None:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"SCHEDULER_ENVIRONMENT": "production"}, ["SCHEDULER_KEYS_FILE"]),
        ({"SCHEDULER_PORT": "-1", "SCHEDULER_LOG_LEVEL": "LOUD"}, ["SCHEDULER_PORT", "SCHEDULER_LOG_LEVEL"]),
    ],
    ids=["no-keys", "wrong-values"],
)
def test_process_that_cannot_start_says_why_in_lines(settings: dict[str, str], told: list[str]) -> None:
    """SC-14: no traceback."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(_SERVICES), **settings}
    command = [sys.executable, "-m", "scheduler", "api"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == len(told)
    assert all(part in line for line, part in zip(lines, told, strict=True))
