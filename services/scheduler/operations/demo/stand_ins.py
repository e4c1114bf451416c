"""Redis and an object store, where the settings lead to none."""

from __future__ import annotations

import asyncio
import importlib.util
import ipaddress
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scheduler.errors import StoreUnavailableError
from scheduler.operations.demo.child import Child, running_child
from scheduler.queueing.redis_address import RedisAddress
from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError
from scheduler.triggers.redis_store import RedisTriggerStore

__all__ = ["free_port", "redis_stand_in", "s3_stand_in"]

_START_S = 30.0
_STOP_S = 10.0
_KEY = "demo"


def redis_stand_in(
    settings: Settings, running: ExitStack, environment: Mapping[str, str], folder: Path
) -> tuple[Child | None, dict[str, str]]:
    """Start redis-server where none answers at the address of the settings.

    Return it, if one was started, and the settings that lead to it. Raises ConfigurationError.
    """
    if _answers(RedisAddress.of(settings), settings.prefix):
        return None, {}
    parts = urlsplit(settings.redis_url.get_secret_value())
    if not _is_here(parts.hostname or ""):
        raise ConfigurationError(
            "SCHEDULER_REDIS_URL: nothing answers there, and a Redis is started on this machine only"
        )
    if shutil.which("redis-server") is None:
        raise ConfigurationError("No Redis answers, and there is no redis-server to start: install Redis")
    port = free_port(parts.port or 6379)
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--save", "", "--maxmemory-policy", "noeviction"]
    child = running.enter_context(
        running_child("redis", command, environment=environment, folder=folder, patience_s=_STOP_S)
    )
    url = f"redis://127.0.0.1:{port}/0"
    _await(child, lambda: _answers(RedisAddress(url), settings.prefix))
    return child, {"SCHEDULER_REDIS_URL": url}


def s3_stand_in(
    settings: Settings, running: ExitStack, environment: Mapping[str, str], folder: Path
) -> tuple[Child | None, dict[str, str]]:
    """Start moto's server where no object store is set: it keeps all in memory.

    Return it, if one was started, and the settings that lead to it. Raises ConfigurationError.
    """
    if settings.s3_endpoint or settings.s3_access_key_id:
        return None, {}
    if importlib.util.find_spec("moto") is None:
        raise ConfigurationError(
            "SCHEDULER_S3_ENDPOINT is not set, and moto is not installed to stand in: install requirements/dev.txt"
        )
    port = free_port(5000)
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    child = running.enter_context(
        running_child("s3", command, environment=environment, folder=folder, patience_s=_STOP_S)
    )
    url = f"http://127.0.0.1:{port}"
    _await(child, lambda: _has_bucket(url, settings))
    told = {"ENDPOINT": url, "ACCESS_KEY_ID": _KEY, "SECRET_ACCESS_KEY": _KEY}
    return child, {f"SCHEDULER_S3_{name}": value for name, value in told.items()}


def free_port(wanted: int) -> int:
    """Return a port of this machine that nobody listens on: the wanted one if it can be had."""
    for port in (wanted, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as probe:
                found: int = probe.getsockname()[1]
                return found
        except OSError:
            continue
    raise ConfigurationError("no port of 127.0.0.1 is free")


def _await(child: Child, is_there: Callable[[], bool]) -> None:
    """Wait until it answers. Raises ConfigurationError with its last words."""
    end = time.monotonic() + _START_S
    while not is_there():
        if child.has_ended or time.monotonic() > end:
            raise ConfigurationError(f"{child.name} does not start:", *child.last_words().splitlines())
        time.sleep(0.1)


def _answers(address: RedisAddress, prefix: str) -> bool:
    async def ping() -> bool:
        store = RedisTriggerStore(address, prefix=prefix)
        try:
            await store.ping()
        except StoreUnavailableError:
            return False
        finally:
            await store.close()
        return True

    return asyncio.run(ping())


def _has_bucket(url: str, settings: Settings) -> bool:
    client = botocore.session.get_session().create_client(
        "s3",
        endpoint_url=url,
        region_name=settings.s3_region,
        aws_access_key_id=_KEY,
        aws_secret_access_key=_KEY,
        config=Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1}),
    )
    try:
        client.create_bucket(Bucket=settings.s3_bucket)
    except (BotoCoreError, ClientError):
        return False
    finally:
        client.close()
    return True


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
