"""The API with its pages on a free loopback port, in a thread of the test, over a real Redis."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn
import yaml
from fastapi import FastAPI

from scheduler.api.service import Ports
from scheduler.backend import create_app
from scheduler.executions.history import ExecutionHistory
from scheduler.queueing.bullmq_queue import BullMqQueue
from scheduler.settings import Settings
from scheduler.tests.memory_history import MemoryHistory
from scheduler.tests.running_redis import RunningRedis
from scheduler.triggers.redis_store import RedisTriggerStore

__all__ = ["KEYS", "SECRET", "RunningApi", "kept_logging", "key_of", "keys_file", "running_api"]

SECRET = "of-this-test-only-" + "5" * 32  # pragma: allowlist secret
_START_S = 30.0

KEYS: tuple[dict[str, object], ...] = (
    {"name": "acme", "workspaces": ["acme"]},
    {"name": "globex", "workspaces": ["globex", "a"]},
    {"name": "ops", "workspaces": ["*"], "role": "admin"},
)


def key_of(name: str) -> str:
    """The API key with this name."""
    return f"key-of-{name}-" + "k3y" * 8


def keys_file(folder: Path, keys: tuple[dict[str, object], ...] = KEYS) -> Path:
    """Write a keys file."""
    entries = [{**key, "sha256": hashlib.sha256(key_of(str(key["name"])).encode()).hexdigest()} for key in keys]
    path = folder / "keys.yaml"
    path.write_text(yaml.safe_dump({"keys": entries}))
    return path


@dataclass
class RunningApi:
    """What runs, and how a test reaches it."""

    url: str
    app: FastAPI
    settings: Settings
    history: MemoryHistory
    log: LogLines = field(repr=False)

    def client(self, name: str = "acme") -> httpx.Client:
        """A program with a key; `""`: without one."""
        headers = {"Authorization": f"Bearer {key_of(name)}"} if name else {}
        # There is no TLS on this address; without `verify=False` every client would read all certificates first.
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=False)

    @contextlib.contextmanager
    def person(self, name: str) -> Iterator[httpx.Client]:
        """A browser without pictures: signed in with a key, and asks for pages."""
        headers = {"Accept": "text/html"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=False) as client:
            assert client.post("/sign-in", data={"key": key_of(name)}).status_code == 303
            yield client


class LogLines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.records.append(record)

    def of(self, logger: str) -> list[dict[str, object]]:
        """What a logger wrote."""
        return [vars(record) for record in self.records if record.name == logger]


@contextlib.contextmanager
def running_api(
    redis: RunningRedis, history: ExecutionHistory | None = None, **settings: object
) -> Iterator[RunningApi]:
    """Serve the API until the end of the block. Executions are in memory, unless another history is given."""
    configured = redis.settings(**settings)
    kept = MemoryHistory()
    log = LogLines()
    server: list[uvicorn.Server] = []
    apps: list[FastAPI] = []
    failed: list[BaseException] = []

    async def serve() -> None:
        store = RedisTriggerStore(redis.address, prefix=configured.prefix)
        queue = BullMqQueue(redis.address, name=configured.queue, prefix=configured.prefix)
        with kept_logging():
            app = create_app(configured, Ports(store, queue, history or kept))
        apps.append(app)
        server.append(
            uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, proxy_headers=False))
        )
        try:
            await server[0].serve()
        finally:
            await queue.close()
            await store.close()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 told to the test
            failed.append(error)

    thread = threading.Thread(target=run, name="scheduler-api")
    root = logging.getLogger()
    level = root.level
    root.addHandler(log)
    root.setLevel(configured.log_level)
    thread.start()
    try:
        deadline = time.monotonic() + _START_S
        while not (server and server[0].started):
            assert not failed, failed
            assert time.monotonic() < deadline
            time.sleep(0.01)
        port = server[0].servers[0].sockets[0].getsockname()[1]
        yield RunningApi(f"http://127.0.0.1:{port}", apps[0], configured, kept, log)
    finally:
        if server:
            server[0].should_exit = True
        thread.join()
        root.removeHandler(log)
        root.setLevel(level)


@contextlib.contextmanager
def kept_logging() -> Iterator[None]:
    """Leave the logging of the tests' runner as it was: standard error belongs to it."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.setLevel(level)
        root.handlers = handlers
