"""The planner: enough of everything, exact money, thresholds where the choice really changes, the notes' ranges."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.load.queueing import flow_of
from finrag_ml_tg1.operations.scaling.planning.engines import (
    EngineKind,
    qdrant_need,
    query_price,
    s3_vectors_need,
)
from finrag_ml_tg1.operations.scaling.planning.hosting import Pods, on_fargate, on_kubernetes, on_sevalla
from finrag_ml_tg1.operations.scaling.planning.plan import make_plan, options_for
from finrag_ml_tg1.operations.scaling.planning.replicas import answering, backends_for
from finrag_ml_tg1.operations.scaling.planning.thresholds import thresholds_of
from tests.unit.operations.scaling.plans import BASIS, demand_of

AWS = BASIS.prices.aws
MEASURED = BASIS.measured
ENGINES = BASIS.facts.engines
HALF = Fraction(1, 2)


def test_answer_over_the_measured_corpus_takes_what_was_measured() -> None:
    """throughput.json: 15.23 ms of processor over 24,387 passages."""
    assert MEASURED.answer_ms_at(24_387) == pytest.approx(15.23)
    assert MEASURED.open_search_ms(10_000_000) == 84.6
    assert MEASURED.open_search_ms(100_000_000) == pytest.approx(846)


@settings(deadline=None)
@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_larger_corpora_never_need_less(one: int, other: int) -> None:
    """Open searches and memory grow; a filtered search's measured times do not, so answers are not compared."""
    low, high = sorted((one, other))
    assert MEASURED.open_search_ms(low) <= MEASURED.open_search_ms(high)
    assert MEASURED.memory_mb_at(low) <= MEASURED.memory_mb_at(high)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 5000), st.sampled_from([10_000, 150_000, 10_000_000]))
def test_planned_back_ends_are_enough_and_one_fewer_is_not(rps: int, passages: int) -> None:
    """SU-08: busy, refused and 95 % within what is asked."""
    demand = demand_of(rps, passages)
    one = answering(MEASURED, passages, None)
    count = backends_for(demand, one, HALF)

    def is_enough(replicas: int) -> bool:
        flow = flow_of(rps / replicas, one.rate, 4, 1)
        return flow.busy <= HALF and flow.refused <= 0.01 and flow.p95_s <= 0.5

    assert is_enough(count)
    assert count == 1 or not is_enough(count - 1)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5000), st.integers(1, 5000))
def test_more_load_never_costs_less(one: int, other: int) -> None:
    low, high = (make_plan(demand_of(rps), BASIS).chosen for rps in sorted((one, other)))
    for platform, month in low.months.items():
        if low.engine is high.engine:
            assert month <= high.months[platform]
    assert low.cheapest <= high.cheapest


def test_engine_of_a_hundred_million_passages_costs_what_decision_0015_worked_out() -> None:
    """0015: 149 GiB and $9 of storage; 67 GiB in machines for $715, disk 215 GiB; $293 a million queries at most."""
    demand = demand_of(1, 10**8)
    stored = s3_vectors_need(10**8, ENGINES.s3_vectors, AWS)
    assert round(stored.stored_gb) == 149
    assert round(stored.fixed_month) == 9
    assert round(query_price(10**8, ENGINES.s3_vectors, AWS) * 10**6) == 293
    machines = qdrant_need(demand, ENGINES.qdrant, AWS)
    assert round(machines.memory_gb) == 67
    assert round(machines.stored_gb) == 215
    assert round(machines.fixed_month - machines.stored_gb * Fraction(AWS.disk_gb_month.usd)) == 715


def test_index_that_does_not_fit_a_pod_is_said_not_to() -> None:
    embedded, *outside = options_for(demand_of(10, 100_000_000), BASIS)
    assert embedded.obstacle == "100,000,000 passages need 20,480 MB in each back end, which has 2,048"
    assert all(option.obstacle is None for option in outside)


def test_demand_that_nothing_meets_is_refused_with_every_reason() -> None:
    with pytest.raises(ScalingError) as refused:
        make_plan(demand_of(10, 10_000_000, p95_s=0.01), BASIS)
    for engine in EngineKind:
        assert engine.value in str(refused.value)


def test_chosen_engine_is_the_cheapest_that_will_do() -> None:
    for passages in (150_000, 10_000_000, 1_000_000_000):
        plan = make_plan(demand_of(100, passages), BASIS)
        possible = [option for option in plan.options if option.obstacle is None]
        assert plan.chosen.cheapest == min(option.cheapest for option in possible)


@pytest.mark.parametrize(("rps", "passages"), [(300, 10_000_000), (20, 150_000)])
def test_thresholds_are_where_the_choice_changes(rps: int, passages: int) -> None:
    """Computed, not written down: one less and it is another engine."""
    demand = demand_of(rps, passages)
    found = 0
    for threshold in thresholds_of(demand, BASIS):
        if threshold.what.split(",")[0] not in {engine.value for engine in EngineKind}:
            continue
        if threshold.unit == "questions a second":
            at, below = (replace(demand, rps=Fraction(threshold.at - less)) for less in (0, 1))
        else:
            at, below = (replace(demand, passages=threshold.at - less) for less in (0, 1))
        assert make_plan(at, BASIS).chosen.engine.value == threshold.what.split(",")[0]
        assert make_plan(below, BASIS).chosen.engine is not make_plan(at, BASIS).chosen.engine
        found += 1
    assert found >= 1


def test_queries_cost_as_much_as_machines_where_it_is_said() -> None:
    demand = demand_of(1, 10**8)
    threshold = next(one for one in thresholds_of(demand, BASIS) if one.unit == "open questions a month")
    queries = s3_vectors_need(10**8, ENGINES.s3_vectors, AWS)
    machines = qdrant_need(demand, ENGINES.qdrant, AWS).fixed_month
    assert queries.fixed_month + threshold.at * queries.query > machines
    assert queries.fixed_month + (threshold.at - 1) * queries.query <= machines


def test_plan_says_where_it_leaves_the_notes_range_and_where_a_bound_is_met() -> None:
    """SU-08: the notes' ranges are checked, not repeated."""
    plan = make_plan(demand_of(2500), BASIS)
    assert plan.tier.name == "high"
    assert any("more than its autoscaler's maxReplicas of 50" in remark for remark in plan.remarks)
    low, high = plan.tier.usd_month
    for platform, month in plan.chosen.months.items():
        assert any(remark.startswith(f"{platform}: ") for remark in plan.remarks) is not (low <= month <= high)


def test_ten_questions_a_second_cost_the_two_applications() -> None:
    """deploy/pricing.yaml: S2 and S1, $50, which is in the notes' range of the lowest tier."""
    plan = make_plan(demand_of(10), BASIS)
    assert plan.chosen.months["Sevalla"] == 50
    assert not any(remark.startswith("Sevalla") for remark in plan.remarks)


ONE_POD = (Pods("backend", 2, Fraction(1), Fraction(2048)),)


def test_platforms_cost_what_their_prices_say_to_the_last_digit() -> None:
    """Two pods of 1 CPU and 2 GB, 10 a second, a month of 730 hours."""
    assert on_sevalla(ONE_POD, BASIS.prices.current).month == 80
    balancer = Fraction("0.0225") + Fraction("0.008")
    fargate = 2 * (Fraction("0.04048") + 2 * Fraction("0.004445"))
    assert on_fargate(ONE_POD, Fraction(10), AWS).month == 730 * (fargate + balancer)
    # 2 cores and 4 GB: 1.8 cores of a machine are for pods, so two machines.
    cluster = Fraction("0.10") + 2 * Fraction("0.0816")
    assert on_kubernetes(ONE_POD, Fraction(10), AWS).month == 730 * (cluster + balancer)


def test_pod_that_no_size_holds_is_refused() -> None:
    huge = (Pods("backend", 1, Fraction(99), Fraction(2048)),)
    with pytest.raises(ScalingError, match="backend of 99 CPU"):
        on_sevalla(huge, BASIS.prices.current)
    with pytest.raises(ScalingError, match="backend of 99 CPU"):
        on_fargate(huge, Fraction(1), AWS)


def test_demand_that_is_none_is_refused() -> None:
    demand = demand_of(1)
    with pytest.raises(ScalingError, match="more than no requests"):
        replace(demand, rps=Fraction(0))
    with pytest.raises(ScalingError, match="more than no requests"):
        replace(demand, passages=0)
    with pytest.raises(ScalingError, match="more than no requests"):
        replace(demand, p95_s=0)
    with pytest.raises(ScalingError, match="shares"):
        replace(demand, chat_share=Fraction(2))
