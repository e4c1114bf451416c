"""One Redis, and several back ends' ways to it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving.backend.shared.connection import SharedRedis
from tests.redis_server import RedisServer, redis_server

__all__ = ["redis_server"]

OpenShared = Callable[[], SharedRedis]


@pytest.fixture
def open_shared(redis_server: RedisServer) -> Iterator[OpenShared]:
    """Open the way of one more back end; all of a test share keys that no other test has."""
    yield from _opening(redis_server.url)


@pytest.fixture
def mortal_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that a test may kill."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def open_mortal(mortal_redis: RedisServer) -> Iterator[OpenShared]:
    """As `open_shared`, to `mortal_redis`."""
    yield from _opening(mortal_redis.url)


def _opening(url: str) -> Iterator[OpenShared]:
    prefix = f"test:{uuid.uuid4().hex}:"
    opened = []

    def open_one() -> SharedRedis:
        shared = SharedRedis(url, prefix, look_s=0.05)
        shared.start()
        opened.append(shared)
        return shared

    yield open_one
    for shared in opened:
        shared.close()
