"""An answer that one back end has kept is given by another, within one bound of bytes for all."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.backend.answer_cache import AnswerCache
from serving.backend.shared.answers import SharedAnswers
from serving.backend.shared.connection import SharedRedis
from tests.event_loops import run
from tests.local_processes import wait_until
from tests.redis_server import RedisServer
from tests.unit.serving.model_response import response
from tests.unit.serving.shared.conftest import OpenShared

MIB = 1_048_576


class AtOnce(SharedRedis):
    """Does at once what others do soon."""

    def later(self, work: Callable[[], object]) -> None:
        work()


def cache(shared: SharedRedis, max_bytes: int = MIB, **options: float) -> AnswerCache:
    return AnswerCache(max_bytes, shared=SharedAnswers(shared, max_bytes), **options)  # type: ignore[arg-type]


def is_found(kept: AnswerCache, key: str) -> bool:
    return run(kept.find(key)) is not None


def test_answer_of_one_back_end_is_found_by_the_other_and_then_in_its_own_memory(open_shared: OpenShared) -> None:
    """SU-06: one response cache with a time to live behind each replica's own."""
    first, second = cache(open_shared()), cache(open_shared())
    first.put("key", response("Revenue was $1."), is_fallback=False)

    wait_until(lambda: is_found(second, "key"), "the other finds it")
    found = second.get("key")
    assert found is not None
    assert found.answer == "Revenue was $1."


def test_answer_is_kept_no_longer_than_its_time_wherever_it_is_found(open_shared: OpenShared) -> None:
    first, second, third = (cache(open_shared(), ttl_s=1.0) for _ in range(3))
    first.put("key", response(), is_fallback=False)
    wait_until(lambda: is_found(second, "key"), "the other finds it")

    wait_until(lambda: not is_found(third, "key"), "its time is over")
    wait_until(lambda: second.get("key") is None, "its time is over in the other's memory too", timeout_s=0.5)


def test_question_and_request_are_not_kept_in_the_redis(open_shared: OpenShared) -> None:
    shared = open_shared()
    cache(shared).put("key", response(), is_fallback=False)
    answers = SharedAnswers(shared, MIB)
    wait_until(lambda: answers.get("key") is not None, "it is there")

    kept = answers.get("key")
    assert kept is not None
    text = zlib.decompress(kept.data).decode()
    assert response().query not in text
    assert response().request_id not in text


def test_answer_of_another_version_is_not_given(open_shared: OpenShared, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer outlives the release that gave it wrongly, but only for back ends of that release."""
    shared = open_shared()
    old = cache(shared)
    old.put("key", response(), is_fallback=False)
    wait_until(lambda: is_found(cache(shared), "key"), "it is there")
    monkeypatch.setattr("serving.backend.shared.answers.__version__", "99.0.0")

    assert not is_found(cache(shared), "key")


def test_fallback_is_not_shared(open_shared: OpenShared) -> None:
    shared = open_shared()
    cache(shared).put("key", response(), is_fallback=True)
    shared.close()

    assert not is_found(cache(open_shared()), "key")


def test_what_is_no_answer_is_not_given(open_shared: OpenShared) -> None:
    answers = SharedAnswers(open_shared(), MIB)
    for key, data in {"text": b"no answer", "cut": b"\x78\x01\x01", "": b""}.items():
        answers.put(key, data, 60)
        wait_until(lambda key=key: answers.get(key) is not None, "it is there")  # type: ignore[misc]

        assert not is_found(AnswerCache(MIB, shared=answers), key)


def test_nothing_is_found_while_the_redis_is_away(mortal_redis: RedisServer, open_mortal: OpenShared) -> None:
    kept = cache(open_mortal())
    mortal_redis.kill()

    assert not is_found(kept, "key")
    kept.put("key", response(), is_fallback=False)
    assert is_found(kept, "key")


@settings(deadline=None, max_examples=30)
@given(
    deeds=st.lists(
        st.tuples(st.sampled_from(("put", "get")), st.sampled_from("abcdef"), st.integers(1, 60)), max_size=40
    )
)
def test_bytes_stay_within_the_bound_and_the_least_recently_used_go_first(
    redis_server: RedisServer, deeds: list[tuple[str, str, int]]
) -> None:
    shared = AtOnce(redis_server.url, f"test:{uuid.uuid4().hex}:")
    answers = SharedAnswers(shared, 100)
    expected: dict[str, bytes] = {}
    for deed, key, size in deeds:
        if deed == "put":
            expected.pop(key, None)
            expected[key] = key.encode() * size
            while sum(map(len, expected.values())) > 100:
                del expected[next(iter(expected))]
            answers.put(key, expected[key], 60)
        elif key in expected:
            expected[key] = expected.pop(key)
        if deed == "get":
            found = answers.get(key)
            assert (found and found.data) == expected.get(key)
    assert {key: found.data for key in "abcdef" if (found := answers.get(key))} == expected
    shared.close()
