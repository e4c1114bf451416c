"""A load trace passed through replicas that the autoscaler counts: what is served, refused, how slow, how many pods.

Time goes in equal steps. Within one the load is steady and the queues are in balance with it (they hold four requests
of some 15 ms, a step is a second or more); what the queues hold at its end is carried on to the next.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from finrag_ml_tg1.operations.scaling.autoscaler.controller import Autoscaler
from finrag_ml_tg1.operations.scaling.autoscaler.spec import SYNC_PERIOD_S, AutoscalerSpec
from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.load.queueing import Flow, flow_of
from finrag_ml_tg1.operations.scaling.load.traces import Trace
from finrag_ml_tg1.operations.scaling.simulation.fleet import Fleet
from finrag_ml_tg1.operations.scaling.simulation.replica import Load, Replica, readings_of

__all__ = ["Moment", "Outcome", "simulate"]

_QUANTILE = 0.95
_MOST_STEPS = 200_000
_PRECISION_S = 1e-5
# Loads are told apart by so many digits, so that few queues have to be worked out; rounding is upwards.
_DIGITS = 3
# A request in thirty years: what is less has no digits to be told apart by.
_LEAST_LOAD = 1e-9


@dataclass(frozen=True, slots=True)
class Moment:
    """One step, from `at_s` on: the load, the replicas, and how many requests came, were answered and refused in it.

    `inside` are in the queues at its end; `p95_s` is None while nothing serves.
    """

    at_s: float
    requests_per_s: float
    wanted: int
    ready: int
    offered: float
    served: float
    dropped: float
    inside: float
    p95_s: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All moments, and what they come to; `p95_s` is that of all answers, None when there were none."""

    moments: tuple[Moment, ...]
    step_s: float
    p95_s: float | None

    @property
    def offered(self) -> float:
        """How many requests came."""
        return math.fsum(moment.offered for moment in self.moments)

    @property
    def served(self) -> float:
        """How many were answered."""
        return math.fsum(moment.served for moment in self.moments)

    @property
    def dropped(self) -> float:
        """How many were refused."""
        return math.fsum(moment.dropped for moment in self.moments)

    @property
    def queued(self) -> float:
        """How many are still inside at the end."""
        return self.moments[-1].inside

    @property
    def most_wanted(self) -> int:
        """The most replicas at any time."""
        return max(moment.wanted for moment in self.moments)

    @property
    def fewest_wanted(self) -> int:
        """The fewest replicas at any time."""
        return min(moment.wanted for moment in self.moments)

    @property
    def replica_seconds(self) -> float:
        """For how long replicas ran, summed over them, serving or not."""
        return self.step_s * sum(moment.wanted for moment in self.moments)


def simulate(spec: AutoscalerSpec, replica: Replica, trace: Trace, *, first: int | None = None) -> Outcome:
    """Return what becomes of a trace, beginning with `first` replicas that serve (without it, the fewest allowed).

    Raises `ScalingError` for a trace that is too long, and for metrics that are not simulated.
    """
    step_s = _step_s(trace, replica)
    fleet = Fleet(spec.least if first is None else first, replica.start_s)
    autoscaler = Autoscaler(spec)
    moments: list[Moment] = []
    answers: dict[Flow, float] = defaultdict(float)
    inside = 0.0
    next_look_s = trace.begin_s + SYNC_PERIOD_S
    since_look: list[Load] = []
    for number in range(math.ceil((trace.end_s - trace.begin_s) / step_s)):
        at_s = trace.begin_s + number * step_s
        fleet.pass_to(at_s)
        if at_s >= next_look_s and fleet.ready:
            readings = readings_of(spec, replica, _mean(since_look), fleet.ready, fleet.wanted - fleet.ready)
            fleet.scale(at_s, autoscaler.sync(at_s, fleet.wanted, readings))
            next_look_s += SYNC_PERIOD_S
            since_look = []
        moment, flow = _step(at_s, step_s, trace, replica, fleet, inside)
        moments.append(moment)
        inside = moment.inside
        if flow is not None:
            answers[flow] += moment.served
            since_look.append(Load(flow.busy, moment.requests_per_s / fleet.ready, flow.p95_s))
    return Outcome(tuple(moments), step_s, _p95_s(answers))


def _step_s(trace: Trace, replica: Replica) -> float:
    """A step in which a full queue passes several times, and by which the autoscaler's looks can be divided."""
    long_enough = [step for step in (1, 3, 5, 15) if step * replica.rate >= 4 * replica.places]
    if not long_enough:
        raise ScalingError(f"{replica.rate:g} answers a second are too slow for a queue of {replica.places} here")
    seconds = trace.end_s - trace.begin_s
    fitting = [step for step in long_enough if seconds / step <= _MOST_STEPS]
    if not fitting:
        raise ScalingError(f"the trace takes {seconds / 86_400:.0f} days: {_MOST_STEPS * 15 // 86_400} at the most")
    return float(fitting[-1] if seconds / fitting[0] > _MOST_STEPS / 10 else fitting[0])


def _step(
    at_s: float, step_s: float, trace: Trace, replica: Replica, fleet: Fleet, inside: float
) -> tuple[Moment, Flow | None]:
    load = trace.at(at_s + step_s / 2)
    offered = load * step_s
    if fleet.ready == 0:
        # What was inside is answered to its end; nobody takes what comes.
        return Moment(at_s, load, fleet.wanted, 0, offered, inside, offered, 0.0, None), None
    flow = flow_of(_rounded_up(load / fleet.ready), replica.rate, replica.places, replica.retries)
    left = fleet.ready * flow.inside
    dropped = offered * flow.refused
    served = offered - dropped + inside - left
    return Moment(at_s, load, fleet.wanted, fleet.ready, offered, served, dropped, left, flow.p95_s), flow


def _rounded_up(load: float) -> float:
    if load <= 0:
        return 0.0
    load = max(load, _LEAST_LOAD)
    unit = math.pow(10, math.floor(math.log10(load)) + 1 - _DIGITS)
    return math.ceil(load / unit) * unit


def _mean(loads: list[Load]) -> Load:
    if not loads:
        return Load(0.0, 0.0, 0.0)
    count = len(loads)
    return Load(
        sum(load.busy for load in loads) / count,
        sum(load.requests_per_s for load in loads) / count,
        sum(load.p95_s for load in loads) / count,
    )


def _p95_s(answers: dict[Flow, float]) -> float | None:
    whole = math.fsum(answers.values())
    if whole <= 0:
        return None
    low, high = 0.0, max(flow.p95_s for flow in answers)
    while high - low > _PRECISION_S:
        middle = (low + high) / 2
        slower = _slower(answers.items(), middle) / whole
        low, high = (middle, high) if slower > 1 - _QUANTILE else (low, middle)
    return high


def _slower(answers: Iterable[tuple[Flow, float]], seconds: float) -> float:
    return math.fsum(count * flow.slower_than(seconds) for flow, count in answers)
