"""Rate limits: one count for all replicas, and nobody let through while the count is away."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coding_agent.api.rate_limits import RateLimits
from coding_agent.errors import CodingAgentError, StoreUnavailableError
from coding_agent.settings import Settings
from coding_agent.tests.redis_server import flush, free_port, redis_server


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


def limits(store: str, per_key: str = "3/minute", per_repository: str = "2/hour") -> RateLimits:
    return RateLimits(Settings(store=store, rate_limit_per_key=per_key, rate_limit_per_repository=per_repository))


@pytest.fixture(params=["sqlite", "redis"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/jobs.db"
    url: str = request.getfixturevalue("redis_url")
    flush(url)
    return url


def test_requests_beyond_the_limit_are_refused_until_the_window_moves(address: str) -> None:
    rates = limits(address)
    taken = [rates.take("key", "alice") for _ in range(5)]
    assert [each.allowed for each in taken] == [True, True, True, False, False]
    assert [each.remaining for each in taken] == [2, 1, 0, 0, 0]
    assert {each.limit for each in taken} == {3}
    assert [each.retry_after_s for each in taken[:3]] == [0, 0, 0]
    assert all(1 <= each.reset_s <= 60 for each in taken)
    assert taken[4].retry_after_s == taken[4].reset_s
    rates.close()


def test_a_window_moves(address: str) -> None:
    rates = limits(address, per_key="1/second")
    assert rates.take("key", "alice").allowed
    refused = rates.take("key", "alice")
    while not refused.allowed:
        assert refused.retry_after_s == 1
        refused = rates.take("key", "alice")
    rates.close()


def test_keys_and_repositories_have_windows_of_their_own(address: str) -> None:
    rates = limits(address)
    for _ in range(3):
        assert rates.take("key", "alice").allowed
    assert not rates.take("key", "alice").allowed
    assert rates.take("key", "bob").allowed
    assert rates.take("repository", "alice").limit == 2
    assert [rates.take("repository", "acme/app").allowed for _ in range(3)] == [True, True, False]
    rates.close()


def test_replicas_share_one_count(redis_url: str) -> None:
    flush(redis_url)
    replicas = [limits(redis_url, per_key="20/minute") for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda number: replicas[number % 4].take("key", "alice"), range(60)))
    assert [each.allowed for each in taken].count(True) == 20
    for replica in replicas:
        replica.close()


def test_nobody_is_let_through_while_redis_is_away() -> None:
    word = "pass" + "word-of-the-store"
    rates = limits(f"redis://:{word}@127.0.0.1:{free_port()}/0")
    with pytest.raises(StoreUnavailableError) as error:
        rates.take("key", "alice")
    assert word not in str(error.value)
    rates.close()


def test_a_limit_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(CodingAgentError) as error:
        limits("sqlite:///jobs.db", per_key="many")
    assert error.value.code == "bad_rate_limit"
