"""`up`: everything at once, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import click
import httpx

from scheduler.operations.demo.child import Child, running_child
from scheduler.operations.demo.stand_ins import free_port, redis_stand_in, s3_stand_in
from scheduler.operations.demo.target import DEMO_TRIGGERS, running_target
from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError

__all__ = ["DEMO_WORKSPACE", "up_until_told"]

DEMO_WORKSPACE = "demo"

_START_S = 60.0
# Beyond the time that calls under way have.
_STOP_MORE_S = 15.0
# Of the demo: something is seen on the dashboard soon.
_FLUSH_S = "5"


def up_until_told(settings: Settings) -> None:
    """Run Redis and an object store where there are none, both roles, a target, and triggers of the workspace `demo`.

    Return after SIGINT or SIGTERM, with everything ended that was started. Raises ConfigurationError, also when one of
    the processes ends by itself.
    """
    if settings.environment == "production":
        raise ConfigurationError("SCHEDULER_ENVIRONMENT: `up` is for trying; in production run `api` and `worker`")
    told = threading.Event()
    before = {number: signal.signal(number, _telling(told)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with tempfile.TemporaryDirectory(prefix="scheduler-") as folder, ExitStack() as running:
            _up(settings, told, running, Path(folder))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _telling(told: threading.Event) -> Callable[[int, FrameType | None], None]:
    def tell(_number: int, _frame: FrameType | None) -> None:
        told.set()

    return tell


def _up(settings: Settings, told: threading.Event, running: ExitStack, folder: Path) -> None:
    environment = {**os.environ, "SCHEDULER_HOST": "127.0.0.1", "SCHEDULER_ALLOW_PRIVATE_TARGETS": "true"}
    # Nobody but this machine is served, so nobody needs a key.
    environment.pop("SCHEDULER_KEYS_FILE", None)
    environment.setdefault("SCHEDULER_METRICS_FLUSH_S", _FLUSH_S)
    environment.setdefault("SCHEDULER_SPOOL_DIR", str(folder / "spool"))
    redis, found = redis_stand_in(settings, running, environment, folder)
    environment |= found
    s3, found = s3_stand_in(settings, running, environment, folder)
    environment |= found
    target = running.enter_context(running_target())
    environment["SCHEDULER_PORT"] = str(free_port(settings.port))
    environment["SCHEDULER_WORKER_PORT"] = str(free_port(settings.worker_port))
    roles = [_role(name, settings, running, environment, folder) for name in ("api", "worker")]
    url = f"http://127.0.0.1:{environment['SCHEDULER_PORT']}"
    children = [child for child in (redis, s3, *roles) if child]
    _await_api(url, children, told)
    if told.is_set():
        return
    running.callback(_forget, url)
    _register(url, target)
    _print(url, target, environment, redis_started=redis is not None, s3_started=s3 is not None, folder=folder)
    while not told.wait(0.5):
        _check(children)
    click.echo("\nEnding: calls under way are waited for …")


def _role(name: str, settings: Settings, running: ExitStack, environment: Mapping[str, str], folder: Path) -> Child:
    return running.enter_context(
        running_child(
            name,
            [sys.executable, "-m", "scheduler", name],
            environment=environment,
            folder=folder,
            patience_s=settings.stop_s + _STOP_MORE_S,
        )
    )


def _await_api(url: str, children: Sequence[Child], told: threading.Event) -> None:
    end = time.monotonic() + _START_S
    while not told.wait(0.1):
        _check(children)
        try:
            if httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > end:
            raise ConfigurationError(f"the API does not answer at {url}")


def _check(children: Sequence[Child]) -> None:
    for child in children:
        if child.has_ended:
            raise ConfigurationError(f"{child.name} has ended:", *child.last_words().splitlines())


def _register(url: str, target: str) -> None:
    triggers = [{**each, "url": str(each["url"]).format(target=target)} for each in DEMO_TRIGGERS]
    answer = httpx.post(_triggers(url), json={"triggers": triggers}, timeout=30, trust_env=False)
    if not answer.is_success:
        raise ConfigurationError(f"the API refuses the demo's triggers: {answer.status_code} {answer.text}")


def _forget(url: str) -> None:
    """The target ends with us: in a Redis that stays, nothing may call it later."""
    try:
        httpx.delete(_triggers(url), timeout=10, trust_env=False)
    except httpx.TransportError:
        click.echo(f"The triggers of {DEMO_WORKSPACE} could not be deleted: the API is gone", err=True)


def _triggers(url: str) -> str:
    return f"{url}/api/workspaces/{DEMO_WORKSPACE}/triggers"


def _print(
    url: str, target: str, environment: Mapping[str, str], *, redis_started: bool, s3_started: bool, folder: Path
) -> None:
    redis = "started here, in memory" if redis_started else "the one that was there"
    store = "a stand-in (moto), in memory: executions are gone with it" if s3_started else "the one of the settings"
    rows = {
        "dashboard": f"{url}/metrics?workspace_id={DEMO_WORKSPACE}",
        "queue": f"{url}/admin/queues",
        "API": f"{url}/api/workspaces/{DEMO_WORKSPACE}/triggers",
        "worker": f"http://127.0.0.1:{environment['SCHEDULER_WORKER_PORT']}/health",
        "target": f"{target}/ok",
        "Redis": redis,
        "object store": store,
        "logs": str(folder),
    }
    for name, value in rows.items():
        click.echo(f"{name:<13} {value}")
    click.echo(f"{len(DEMO_TRIGGERS)} triggers of the workspace {DEMO_WORKSPACE} run. Ctrl-C ends everything.")
