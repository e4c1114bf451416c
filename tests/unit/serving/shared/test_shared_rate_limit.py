"""One count of a client's requests over all back ends."""

from __future__ import annotations

import asyncio
import time
import uuid
from urllib.parse import urlsplit

import pytest
from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter
from pydantic import SecretStr

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.backend.shared.connection import SharedRedis
from serving.backend.shared.connection import open_shared as open_configured
from serving.backend.shared.rate_limit import SharedMoments
from tests.event_loops import run
from tests.redis_server import RedisServer
from tests.unit.serving.shared.conftest import OpenShared

LIMIT = RateLimitItemPerMinute(6)
PASSWORD = "p%40s%2Fs"  # pragma: allowlist secret


def test_back_ends_count_together_and_for_each_client(open_shared: OpenShared) -> None:
    """SU-06: the rate limit is one over all replicas."""

    async def count() -> tuple[list[bool], bool, int]:
        moments = [SharedMoments(open_shared()) for _ in range(3)]
        limiters = [MovingWindowRateLimiter(each) for each in moments]
        allowed = [await limiters[number % 3].hit(LIMIT, "a") for number in range(9)]
        other = await limiters[0].hit(LIMIT, "b")
        window = await limiters[1].get_window_stats(LIMIT, "a")
        for each in moments:
            await each.close()
        return allowed, other, window.remaining

    assert run(count()) == ([True] * 6 + [False] * 3, True, 0)


def test_each_counts_for_itself_while_the_redis_is_away(mortal_redis: RedisServer, open_mortal: OpenShared) -> None:
    async def count() -> list[list[bool]]:
        moments = [SharedMoments(open_mortal()) for _ in range(2)]
        limiters = [MovingWindowRateLimiter(each) for each in moments]
        assert await limiters[0].hit(LIMIT, "a")
        mortal_redis.kill()
        allowed = [[await limiter.hit(LIMIT, "a") for _ in range(8)] for limiter in limiters]
        for each in moments:
            await each.close()
        return allowed

    assert run(count()) == [[True] * 6 + [False] * 2] * 2


@pytest.mark.parametrize(
    "address", ["redis://host", f"rediss://user:{PASSWORD}@host", "redis://[::1]/3", f"redis://:{PASSWORD}@h:1"]
)
def test_every_form_of_address_that_is_a_setting_is_taken(address: str) -> None:
    config = MLConfig(shared_redis=SecretStr(address))
    shared = open_configured(config)
    assert shared is not None

    SharedMoments(shared)


def test_parts_that_an_address_leaves_out_are_those_of_a_redis(redis_server: RedisServer) -> None:
    port = urlsplit(redis_server.url).port

    async def is_counted() -> bool:
        shared = SharedRedis(f"redis://localhost:{port}", f"test:{uuid.uuid4().hex}:")
        moments = SharedMoments(shared)
        limiter = MovingWindowRateLimiter(moments)
        allowed = [await limiter.hit(LIMIT, "a") for _ in range(LIMIT.amount + 1)]
        await moments.close()
        return allowed == [True] * LIMIT.amount + [False] and not shared.outage and not moments.events

    assert run(is_counted())


def test_answers_that_come_too_late_are_not_taken_for_those_of_others(
    mortal_redis: RedisServer, open_mortal: OpenShared
) -> None:
    """A client is refused for its own requests alone, also after the Redis was silent: SU-06."""

    async def count() -> tuple[float, list[bool], list[bool]]:
        shared = open_mortal()
        moments = SharedMoments(shared)
        limiter = MovingWindowRateLimiter(moments)
        for _ in range(LIMIT.amount):
            assert await limiter.hit(LIMIT, "busy")
        with mortal_redis.silent():
            began = time.monotonic()
            await asyncio.gather(*(limiter.hit(LIMIT, "busy") for _ in range(20)))
            waited_s = time.monotonic() - began
        while shared.outage:
            await asyncio.sleep(0.01)
        mixed = [limiter.hit(LIMIT, client) for number in range(20) for client in ("busy", f"quiet {number}")]
        allowed = await asyncio.gather(*mixed)
        assert not shared.outage
        await moments.close()
        return waited_s, allowed[::2], allowed[1::2]

    waited_s, busy, quiet = run(count())

    assert waited_s < 1.5
    assert busy == [False] * 20
    assert quiet == [True] * 20
