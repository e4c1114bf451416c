"""What holds for every autoscaler and every load: bounds, policies, direction, calm."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.operations.scaling.autoscaler.behaviour import Recommendation, stabilise
from finrag_ml_tg1.operations.scaling.autoscaler.desired import Reading, desired_by_metric
from finrag_ml_tg1.operations.scaling.autoscaler.spec import AutoscalerSpec, Policy, PolicyKind, Rules, Select
from tests.unit.operations.scaling.autoscalers import CPU_70, autoscaler_of, replicas_over

_policies = st.builds(Policy, st.sampled_from(PolicyKind), st.integers(1, 200), st.sampled_from([15, 30, 60, 120]))
_rules = st.builds(
    Rules,
    st.sampled_from([0, 30, 60, 300]),
    st.lists(_policies, min_size=1, max_size=3).map(tuple),
    st.sampled_from(Select),
)


@st.composite
def _specs(draw: st.DrawFn) -> AutoscalerSpec:
    least = draw(st.integers(1, 20))
    return autoscaler_of(least, least + draw(st.integers(0, 60)), up=draw(_rules), down=draw(_rules))


_loads = st.lists(st.integers(0, 20_000).map(float), min_size=1, max_size=40)


@settings(deadline=None, max_examples=40)
@given(_specs(), _loads, st.integers(1, 100))
def test_replicas_never_leave_the_bounds(spec: AutoscalerSpec, loads: list[float], first: int) -> None:
    """SU 5.3: least and most hold after the first look."""
    assert all(spec.least <= count <= spec.most for count in replicas_over(spec, first, loads))


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 100), st.sampled_from([15, 30, 60]), st.sampled_from(PolicyKind), _loads, st.integers(1, 50))
def test_replicas_never_rise_faster_than_their_policy(
    value: int, period_s: int, kind: PolicyKind, loads: list[float], first: int
) -> None:
    """SU 5.3: within any period no more is added than the policy permits of what was there at its beginning."""
    spec = autoscaler_of(1, 1000, up=Rules(0, (Policy(kind, value, period_s),)), down=_frozen())
    counts = [first, *replicas_over(spec, first, loads)]
    looks = period_s // 15
    for begin, count in enumerate(counts):
        after = counts[min(begin + looks, len(counts) - 1)]
        allowed = count + value if kind is PolicyKind.PODS else -(-count * (100 + value) // 100)
        assert after <= allowed


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 100), st.sampled_from([15, 30, 60]), st.sampled_from(PolicyKind), _loads, st.integers(1, 200))
def test_replicas_never_fall_faster_than_their_policy(
    value: int, period_s: int, kind: PolicyKind, loads: list[float], first: int
) -> None:
    """SU 5.3: within any period no more is taken away than the policy permits."""
    up = Rules(0, (Policy(PolicyKind.PODS, 1, 15),), Select.DISABLED)
    spec = autoscaler_of(1, 1000, up=up, down=Rules(0, (Policy(kind, value, period_s),)))
    counts = [first, *replicas_over(spec, first, loads)]
    looks = period_s // 15
    for begin, count in enumerate(counts):
        after = counts[min(begin + looks, len(counts) - 1)]
        allowed = count - value if kind is PolicyKind.PODS else count * (100 - value) // 100
        assert after >= min(count, max(1, allowed))


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 200), st.integers(0, 40_000), st.integers(0, 40_000))
def test_more_use_never_asks_for_fewer(current: int, one: int, other: int) -> None:
    """SU 5.3: monotone in the load."""
    low, high = sorted((one, other))
    spec = autoscaler_of()
    asked = [desired_by_metric(current, CPU_70, Reading(Fraction(use), current), spec) for use in (low, high)]
    assert asked[0] is not None
    assert asked[1] is not None
    assert asked[0] <= asked[1]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 100), st.lists(st.integers(63, 77), min_size=1, max_size=40))
def test_use_within_the_tolerance_moves_nothing(first: int, each: list[int]) -> None:
    """SU 5.3: no flapping: 10 % on both sides of the target."""
    assert replicas_over(autoscaler_of(), first, [float(use * first) for use in each]) == [first] * len(each)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 30), st.integers(1, 15_000))
def test_steady_load_ends_in_one_count_that_carries_it(first: int, load: int) -> None:
    """SU 5.3: it comes to rest, and no pod is then used beyond the target and its tolerance."""
    counts = replicas_over(autoscaler_of(1, 1000), first, [float(load)] * 80)
    assert len(set(counts[-20:])) == 1
    assert load <= counts[-1] * 77


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 100), st.integers(1, 100), st.lists(st.tuples(st.integers(0, 600), st.integers(1, 100))))
def test_windows_let_it_go_no_farther_than_is_asked_for(
    current: int, desired: int, past: list[tuple[int, int]]
) -> None:
    """SU 5.3: stabilisation holds back, it never adds to a change or turns it."""
    recommendations = [Recommendation(float(at_s), replicas) for at_s, replicas in past]
    steady = stabilise(600.0, current, desired, recommendations, autoscaler_of())
    assert min(current, desired) <= steady <= max(current, desired)


def _frozen() -> Rules:
    return Rules(0, (Policy(PolicyKind.PODS, 1, 15),), Select.DISABLED)
