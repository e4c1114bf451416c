"""A load passed through replicas: nothing is lost or made, more replicas refuse less, charts are what they show."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.operations.scaling.autoscaler.spec import MetricTarget, Rules, TargetKind
from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.load.traces import SHAPES, Trace
from finrag_ml_tg1.operations.scaling.simulation.chart import draw_chart
from finrag_ml_tg1.operations.scaling.simulation.fleet import Fleet
from finrag_ml_tg1.operations.scaling.simulation.replica import Replica
from finrag_ml_tg1.operations.scaling.simulation.run import Outcome, simulate
from tests.unit.operations.scaling.autoscalers import CPU_70, NOTES_API, autoscaler_of, percent

ONE = Replica(rate=50, start_s=15)
SHORT = st.lists(st.floats(0, 2000), min_size=2, max_size=6).map(
    lambda loads: Trace(tuple((60.0 * number, load) for number, load in enumerate(loads)))
)


def lost(outcome: Outcome) -> float:
    return outcome.offered - outcome.served - outcome.dropped - outcome.queued


@settings(deadline=None, max_examples=25)
@given(SHORT, st.integers(1, 20), st.integers(0, 2), st.floats(0, 90))
@example(Trace(((0.0, 5e-324), (60.0, 5e-324))), 1, 0, 0.0)
def test_every_request_is_answered_refused_or_still_inside(
    trace: Trace, first: int, retries: int, start_s: float
) -> None:
    """Conservation: served + dropped + queued = offered, in the whole and with nothing negative in any step."""
    outcome = simulate(autoscaler_of(1, 30), Replica(rate=50, start_s=start_s, retries=retries), trace, first=first)
    assert lost(outcome) == pytest.approx(0, abs=1e-6 * max(1, outcome.offered))
    for moment in outcome.moments:
        assert min(moment.offered, moment.served, moment.dropped, moment.inside) >= -1e-9
        assert moment.ready <= moment.wanted
        assert moment.inside <= moment.ready * ONE.places + 1e-9


@settings(deadline=None, max_examples=20)
@given(SHORT)
def test_replicas_stay_within_their_bounds(trace: Trace) -> None:
    outcome = simulate(NOTES_API, ONE, trace)
    assert 3 <= outcome.fewest_wanted <= outcome.most_wanted <= 50


def test_steady_load_ends_at_the_target_use() -> None:
    """500 a second at 50 each are 10 busy pods; at 70 % that is 14.3: 15, or 14 and 13 within the tolerance."""
    outcome = simulate(autoscaler_of(1, 50), ONE, SHAPES["constant"](500))
    assert outcome.moments[-1].wanted in {13, 14, 15}
    assert outcome.moments[-1].dropped < 0.05 * outcome.moments[-1].offered


def test_new_pods_serve_after_their_time_and_count_at_once() -> None:
    outcome = simulate(autoscaler_of(1, 50), Replica(rate=50, start_s=40), SHAPES["step"](500))
    risen = next(moment.at_s for moment in outcome.moments if moment.wanted > 1)
    serving = next(moment.at_s for moment in outcome.moments if moment.ready > 1)
    assert serving - risen == pytest.approx(40, abs=1)


def test_quicker_starts_refuse_fewer() -> None:
    slow, quick = (
        simulate(autoscaler_of(1, 50), Replica(rate=50, start_s=start_s), SHAPES["spike"](500)) for start_s in (90, 5)
    )
    assert quick.dropped < slow.dropped


def test_window_upwards_costs_refused_requests() -> None:
    """The notes' 30 s against Kubernetes' default of none."""
    at_once, later = (
        simulate(autoscaler_of(3, 50, up=Rules(window_s, (percent(100, 30),))), ONE, SHAPES["step"](500))
        for window_s in (0, 30)
    )
    assert at_once.dropped < later.dropped


def test_memory_that_is_always_full_keeps_every_pod() -> None:
    """A replica whose memory is at its request all the time is scaled to the bound, whatever is asked."""
    memory = MetricTarget("memory", TargetKind.UTILIZATION, Fraction(80))
    full = Replica(rate=50, memory_mb=2048, requested_memory_mb=2048)
    outcome = simulate(autoscaler_of(1, 20, metrics=(CPU_70, memory)), full, SHAPES["constant"](10))
    assert outcome.moments[-1].wanted == 20


def test_metric_that_is_not_known_is_refused_with_those_that_are() -> None:
    odd = MetricTarget("queue_depth", TargetKind.AVERAGE_VALUE, Fraction(3))
    with pytest.raises(ScalingError, match="queue_depth is not simulated: known are cpu"):
        simulate(autoscaler_of(metrics=(odd,)), ONE, SHAPES["constant"](10))


def test_long_trace_is_simulated_in_coarser_steps() -> None:
    assert simulate(autoscaler_of(1, 1), ONE, Trace(((0, 1), (86_400, 1)))).step_s > 1


def test_trace_of_a_year_is_refused_as_too_long() -> None:
    with pytest.raises(ScalingError, match="the trace takes 400 days: 34 at the most"):
        simulate(NOTES_API, ONE, Trace(((0, 1), (400 * 86_400, 1))))


def test_pods_that_do_not_serve_yet_go_first() -> None:
    fleet = Fleet(3, 30)
    fleet.scale(0, 7)
    fleet.scale(10, 4)
    assert (fleet.ready, fleet.wanted) == (3, 4)
    fleet.pass_to(30)
    assert (fleet.ready, fleet.wanted) == (4, 4)
    fleet.scale(31, 2)
    assert (fleet.ready, fleet.wanted) == (2, 2)


def test_chart_shows_every_series_and_follows_the_reader_s_colours() -> None:
    outcome = simulate(autoscaler_of(1, 50), ONE, SHAPES["step"](500))
    drawn = draw_chart(outcome, "step <to> 500 & back")
    picture = ET.fromstring(drawn)
    name = "{http://www.w3.org/2000/svg}"
    assert len(picture.findall(f"{name}polyline")) == 5
    assert picture.findtext(f"{name}title") == "step <to> 500 & back"
    assert "prefers-color-scheme: dark" in drawn
    assert drawn == draw_chart(outcome, "step <to> 500 & back")
