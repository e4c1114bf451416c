"""SC-13: the address of Redis: TLS, time-outs, and a password that nobody reads."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from scheduler.errors import StoreUnavailableError
from scheduler.queueing.redis_address import RedisAddress
from scheduler.tests.running_redis import free_port, running_redis

_SECRET = "s3cret-word"  # pragma: allowlist secret


def _ping(address: RedisAddress) -> None:
    async def run() -> None:
        client = address.connect()
        try:
            with address.errors():
                await client.ping()  # type: ignore[misc]
        finally:
            await client.aclose()

    asyncio.run(run())


def test_neither_repr_nor_message_holds_the_password() -> None:
    address = RedisAddress(f"redis://user:{_SECRET}@127.0.0.1:{free_port()}/0")
    with pytest.raises(StoreUnavailableError, match="nothing answers there") as caught:
        _ping(address)
    assert _SECRET not in f"{address!r} {address.place} {caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize("url", ["http://host:6379/0", "redis://", "host:6379", ""])
def test_url_is_refused_when_it_is_none_of_redis(url: str) -> None:
    with pytest.raises(ValueError, match="is written redis://host:port"):
        RedisAddress(url)


def test_message_says_what_to_do_when_the_password_is_wrong() -> None:
    with (
        running_redis(password=True) as server,
        pytest.raises(StoreUnavailableError, match="refuses the user or password"),
    ):
        _ping(RedisAddress(f"redis://:{_SECRET}@127.0.0.1:{server.port}/0"))


def test_message_says_what_to_do_when_a_password_is_missing() -> None:
    with (
        running_redis(password=True) as server,
        pytest.raises(StoreUnavailableError, match="refuses the user or password"),
    ):
        _ping(RedisAddress(f"redis://127.0.0.1:{server.port}/0"))


def test_message_says_so_when_all_connections_are_in_use() -> None:
    async def run(address: RedisAddress) -> None:
        client = address.connect(most=1)
        client.connection_pool.timeout = 0.05  # type: ignore[attr-defined]
        waiting = asyncio.create_task(client.bzpopmin("nothing", 1))  # type: ignore[arg-type]
        await asyncio.sleep(0.1)
        with pytest.raises(StoreUnavailableError, match="all our connections are in use"), address.errors():
            await client.ping()  # type: ignore[misc]
        await waiting
        await client.aclose()

    with running_redis() as server:
        asyncio.run(run(server.address))


def test_message_names_the_certificate_when_its_authority_is_not_known(tmp_path: Path) -> None:
    """SC-14: Redis TLS."""
    with running_redis(tmp_path, tls=True) as server:
        _ping(server.address)
        with pytest.raises(StoreUnavailableError, match="certificate is not from a known authority"):
            _ping(RedisAddress(server.url))
        with pytest.raises(StoreUnavailableError, match="cannot be reached"):
            _ping(RedisAddress(server.url.replace("rediss", "redis")))


def test_time_outs_of_waits_are_longer_than_the_waits() -> None:
    """Original: redis-py 8 cuts sockets off after 5 s by itself, BullMQ waits for 10 s."""
    address = RedisAddress("redis://127.0.0.1:6379/0")
    waiting, quick = address.connect_blocking(), address.connect()
    assert waiting.connection_pool.connection_kwargs["socket_timeout"] > 10
    assert quick.connection_pool.connection_kwargs["socket_timeout"] > 0
