"""Kept answers: which are the same, which are kept, for how long, and what a kept one says."""

from __future__ import annotations

import threading
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.scope import Filters, Question
from serving.backend.answer_cache import AnswerCache, answer_key, renewed
from serving.backend.schemas.answers import QueryResponse
from tests.unit.serving.model_response import THEN, response

QUESTION = Question("What was the revenue of Orquenna in 2024?", Filters(tickers=("ORQN",), fiscal_years=(2024,)), 5)


def size(kept: QueryResponse) -> int:
    return len(zlib.compress(kept.model_dump_json().encode(), zlib.Z_BEST_SPEED))


def key(question: Question = QUESTION, index: str = "v1", model: str = "m", prompt: str = "p1") -> str:
    return answer_key(question, index, model, prompt)


OTHERS = [
    key(replace(QUESTION, text="What was the revenue of Orquenna in 2023?")),
    key(replace(QUESTION, text=QUESTION.text.lower())),
    key(replace(QUESTION, filters=Filters(tickers=("TDRY",), fiscal_years=(2024,)))),
    key(replace(QUESTION, filters=Filters(tickers=("ORQN",), fiscal_years=(2023,)))),
    key(replace(QUESTION, filters=Filters(tickers=("ORQN",), fiscal_years=(2024,), items=("7",)))),
    key(replace(QUESTION, filters=Filters(tickers=("ORQN",), fiscal_years=(2024,), forms=("10-K",)))),
    key(replace(QUESTION, top_k=6)),
    key(replace(QUESTION, top_k=None)),
    key(replace(QUESTION, include_numbers=False)),
    key(replace(QUESTION, include_passages=False)),
    key(index="v2"),
    key(model="m2"),
    key(prompt="p2"),
]


def test_answers_that_depend_on_anything_else_have_keys_of_their_own() -> None:
    assert len({key(), *OTHERS}) == len(OTHERS) + 1
    assert all(len(other) == 64 for other in OTHERS)


def test_white_space_makes_no_other_question() -> None:
    spaced = "  What was\tthe revenue\n of   Orquenna in\u00a02024? "
    assert key(replace(QUESTION, text=spaced)) == key()


def test_kept_answer_is_given_as_it_was() -> None:
    cache = AnswerCache(100_000)
    cache.put(key(), response(), is_fallback=False)
    assert cache.get(key()) == response()
    assert [cache.get(other) for other in OTHERS] == [None] * len(OTHERS)


def test_renewed_answer_costs_nothing_and_says_that_it_was_kept() -> None:
    given = renewed(response(), request_id="request-of-now", query="  asked again ", processing_ms=0.4)
    llm = given.metadata.llm
    assert (given.request_id, given.query, given.metadata.cached) == ("request-of-now", "  asked again ", True)
    assert (llm.input_tokens, llm.output_tokens, llm.total_tokens, llm.cached_tokens, llm.cost) == (0, 0, 0, 0, 0)
    assert llm.model_id == "m"
    assert given.metadata.timestamp > THEN
    assert given.metadata.processing_time_ms == 0.4
    assert given.metadata.timings_ms == {"cache": 0.4}
    kept = response()
    assert (given.answer, given.resolved, given.status) == (kept.answer, kept.resolved, kept.status)


def test_change_of_a_given_answer_does_not_reach_the_kept_one() -> None:
    cache = AnswerCache(100_000)
    cache.put(key(), response(), is_fallback=False)
    first = cache.get(key())
    assert first is not None
    first.resolved.notes.append("changed")
    renewed(first, request_id="request-of-now", query="again", processing_ms=0.1)
    assert cache.get(key()) == response()


def test_answer_that_stands_in_for_a_model_is_not_kept() -> None:
    cache = AnswerCache(100_000)
    cache.put(key(), response(), is_fallback=True)
    assert cache.get(key()) is None


def test_answer_is_forgotten_when_its_time_is_over() -> None:
    now = [1_000.0]
    cache = AnswerCache(100_000, ttl_s=60, clock=lambda: now[0])
    cache.put("a", response(), is_fallback=False)
    now[0] += 59.9
    assert cache.get("a") is not None
    now[0] += 0.1
    assert cache.get("a") is None
    assert (len(cache), cache.size_bytes) == (0, 0)


def test_use_does_not_prolong_the_time_and_putting_again_does() -> None:
    now = [0.0]
    cache = AnswerCache(100_000, ttl_s=10, clock=lambda: now[0])
    cache.put("a", response(), is_fallback=False)
    cache.put("b", response(), is_fallback=False)
    now[0] = 9
    assert cache.get("a") is not None
    cache.put("b", response(), is_fallback=False)
    now[0] = 11
    assert cache.get("a") is None
    assert cache.get("b") is not None


@pytest.mark.parametrize("limit", [0, 10])
def test_answer_larger_than_the_limit_is_not_kept(limit: int) -> None:
    cache = AnswerCache(limit)
    cache.put("a", response(), is_fallback=False)
    assert cache.get("a") is None
    assert (len(cache), cache.size_bytes) == (0, 0)


def test_larger_answer_replaces_none_it_cannot_stand_beside() -> None:
    small = response("x")
    cache = AnswerCache(size(small) + 4)
    cache.put("a", small, is_fallback=False)
    cache.put("b", response("x" * 5_000), is_fallback=False)
    assert cache.get("a") == small


letters = st.sampled_from("abcdefg")
steps = st.one_of(
    st.tuples(st.just("get"), letters, st.just(0)),
    st.tuples(st.just("put"), letters, st.integers(0, 400)),
    st.tuples(st.just("wait"), st.just(""), st.integers(1, 5)),
)


class PlainCache:
    """The same in the simplest way: a list, the answer used last at its end."""

    def __init__(self, max_bytes: int, most_entries: int, ttl: float) -> None:
        self.limits = (max_bytes, most_entries, ttl)
        self.entries: list[tuple[str, QueryResponse, float]] = []

    def get(self, name: str, now: float) -> QueryResponse | None:
        for entry in [entry for entry in self.entries if entry[0] == name]:
            self.entries.remove(entry)
            if now < entry[2]:
                self.entries.append(entry)
                return entry[1]
        return None

    def put(self, name: str, kept: QueryResponse, now: float) -> None:
        max_bytes, most_entries, ttl = self.limits
        self.entries = [entry for entry in self.entries if entry[0] != name]
        if size(kept) <= max_bytes:
            self.entries.append((name, kept, now + ttl))
        while sum(size(entry[1]) for entry in self.entries) > max_bytes or len(self.entries) > most_entries:
            self.entries.pop(0)


@settings(deadline=None, max_examples=200)
@given(st.lists(steps, max_size=40), st.integers(0, 6), st.integers(1, 5))
def test_cache_gives_what_a_plain_list_would(
    sequence: list[tuple[str, str, int]], room: int, most_entries: int
) -> None:
    now = [0.0]
    max_bytes = room * size(response("x" * 200))
    cache = AnswerCache(max_bytes, most_entries=most_entries, ttl_s=10, clock=lambda: now[0])
    plain = PlainCache(max_bytes, most_entries, 10)
    for action, name, amount in sequence:
        if action == "get":
            assert cache.get(name) == plain.get(name, now[0])
        elif action == "put":
            cache.put(name, response("x" * amount), is_fallback=False)
            plain.put(name, response("x" * amount), now[0])
        else:
            now[0] += amount
        assert cache.size_bytes == sum(size(entry[1]) for entry in plain.entries) <= max_bytes
        assert len(cache) == len(plain.entries) <= most_entries


def test_threads_leave_the_counts_right() -> None:
    cache = AnswerCache(5 * size(response("x" * 90)), most_entries=20)
    failures: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for number in range(150):
                name = f"{(first + number) % 12}"
                cache.put(name, response("x" * int(name)), is_fallback=False)
                found = cache.get(name)
                assert found is None or found.answer == "x" * int(name)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(first,)) for first in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    kept = [found for name in range(12) if (found := cache.get(f"{name}"))]
    assert len(kept) == len(cache)
    assert cache.size_bytes == sum(size(found) for found in kept) <= 5 * size(response("x" * 90))


def test_answers_of_one_index_version_are_forgotten_and_others_kept() -> None:
    cache = AnswerCache(100_000)
    kept, gone = response(), response()
    gone = gone.model_copy(update={"metadata": gone.metadata.model_copy(update={"index_version": "older"})})
    cache.put(key(), kept, is_fallback=False)
    cache.put(key(index="older"), gone, is_fallback=False)

    cache.forget("older")

    assert (cache.get(key()), cache.get(key(index="older"))) == (kept, None)
    assert (len(cache), cache.size_bytes) == (1, size(kept))
