"""One count of a client's requests over all back ends."""

from __future__ import annotations

import asyncio

from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter

from serving.backend.shared.rate_limit import SharedMoments
from tests.redis_server import RedisServer
from tests.unit.serving.shared.conftest import OpenShared

LIMIT = RateLimitItemPerMinute(6)


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

    assert asyncio.run(count()) == ([True] * 6 + [False] * 3, True, 0)


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

    assert asyncio.run(count()) == [[True] * 6 + [False] * 2] * 2
