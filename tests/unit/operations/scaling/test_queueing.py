"""The queue of one back end against formulas of M/M/1/K and against a simulation of single requests."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.operations.scaling.load.queueing import flow_of

_loads = st.floats(0.01, 500)


def test_full_load_has_each_count_equally_often() -> None:
    """M/M/1/4 with as much asked as can be answered: five states, each a fifth of the time."""
    flow = flow_of(50, 50, 4, 0)
    assert flow.refused == pytest.approx(1 / 5)
    assert flow.busy == pytest.approx(4 / 5)
    assert flow.inside == pytest.approx(2)


def test_half_load_refuses_what_the_formula_says() -> None:
    """M/M/1/4: (1 - a) a^4 / (1 - a^5) with a = 1/2 is 1/31."""
    flow = flow_of(25, 50, 4, 0)
    assert flow.refused == pytest.approx(1 / 31)
    assert flow.inside == pytest.approx((0 * 16 + 1 * 8 + 2 * 4 + 3 * 2 + 4 * 1) / 31)


def test_answer_of_an_idle_replica_takes_an_exponential_time() -> None:
    """95 % of exponential times of mean 20 ms are below 20 ms times ln 20."""
    assert flow_of(1e-6, 50, 4, 0).p95_s == pytest.approx(math.log(20) / 50, rel=1e-3)


def test_one_place_is_erlangs_loss_of_one_server() -> None:
    flow = flow_of(30, 10, 1, 0)
    assert flow.refused == pytest.approx(3 / 4)
    assert flow.slower_than(0.1) == pytest.approx(math.exp(-1))


def test_asking_again_loses_fewer_and_keeps_it_busier() -> None:
    once, twice = flow_of(30, 50, 4, 0), flow_of(30, 50, 4, 1)
    assert twice.refused < once.refused
    assert twice.busy > once.busy


@settings(deadline=None)
@given(_loads, st.floats(1, 200), st.integers(1, 8), st.integers(0, 2))
def test_shares_are_shares_and_what_is_let_in_is_answered(
    offered: float, rate: float, places: int, retries: int
) -> None:
    """Conservation: what is not refused is what the processor does; Little's law holds with the mean time."""
    flow = flow_of(offered, rate, places, retries)
    assert 0 <= flow.refused <= 1
    assert 0 <= flow.busy <= 1
    assert 0 <= flow.inside <= places
    assert sum(flow.found) == pytest.approx(1)
    assert offered * (1 - flow.refused) == pytest.approx(rate * flow.busy, rel=2e-3)


@settings(deadline=None)
@given(_loads, _loads, st.floats(1, 200))
def test_more_load_is_never_answered_sooner_nor_refused_less(one: float, other: float, rate: float) -> None:
    low, high = (flow_of(load, rate, 4, 1) for load in sorted((one, other)))
    assert low.refused <= high.refused + 1e-9
    assert low.p95_s <= high.p95_s * (1 + 1e-3)


def test_single_requests_one_by_one_come_to_the_same() -> None:
    """Twenty thousand requests at 80 % load through a queue of four places, with a seed."""
    source = random.Random(14)
    offered, rate = 40.0, 50.0
    now, free_at, refused, times = 0.0, 0.0, 0, []
    leaves: list[float] = []
    for _ in range(20_000):
        now += source.expovariate(offered)
        leaves = [leave for leave in leaves if leave > now]
        if len(leaves) >= 4:
            refused += 1
            continue
        free_at = max(now, free_at) + source.expovariate(rate)
        leaves.append(free_at)
        times.append(free_at - now)
    flow = flow_of(offered, rate, 4, 0)
    assert refused / 20_000 == pytest.approx(flow.refused, abs=0.01)
    assert sorted(times)[int(len(times) * 0.95)] == pytest.approx(flow.p95_s, rel=0.05)
