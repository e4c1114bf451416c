"""When to move on: from where on another engine or platform is the cheaper one, or a bound is met.

Each is computed from prices, measures and bounds, so it moves with them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from finrag_ml_tg1.operations.scaling.planning.demand import Demand
from finrag_ml_tg1.operations.scaling.planning.engines import EngineKind, qdrant_need, s3_vectors_need
from finrag_ml_tg1.operations.scaling.planning.plan import Basis, make_plan, options_for

__all__ = ["Threshold", "thresholds_of"]

_MOST_RPS = 10_000
_MOST_PASSAGES = 10**9
# The largest step between two looks, as a factor: a change back and forth within it is not seen.
_STEP = 2


@dataclass(frozen=True, slots=True)
class Threshold:
    """From `at` of a unit on (inclusive) it is as `what` says."""

    what: str
    at: int
    unit: str


def thresholds_of(demand: Demand, basis: Basis) -> tuple[Threshold, ...]:
    """Return the points of change around a demand, with all that is not varied as the demand has it."""
    return (
        *_engines_by_passages(demand, basis),
        *_engines_by_load(demand, basis),
        *_engines_by_questions(demand, basis),
        *_platforms(demand, basis),
        *_bounds(demand, basis),
    )


def _engines_by_passages(demand: Demand, basis: Basis) -> Iterator[Threshold]:
    def engine(passages: int) -> str:
        return _chosen(replace(demand, passages=passages), basis)

    for passages, name in _changes(engine, 10_000, _MOST_PASSAGES):
        yield Threshold(f"{name}, at {float(demand.rps):g} questions a second", passages, "passages")


def _engines_by_load(demand: Demand, basis: Basis) -> Iterator[Threshold]:
    def engine(rps: int) -> str:
        return _chosen(replace(demand, rps=Fraction(rps)), basis)

    for rps, name in _changes(engine, 1, _MOST_RPS):
        yield Threshold(f"{name}, over {demand.passages:,} passages", rps, "questions a second")


def _engines_by_questions(demand: Demand, basis: Basis) -> Iterator[Threshold]:
    """Where the machines of Qdrant cost as much as the queries of S3 Vectors, replicas apart."""
    engines, prices = basis.facts.engines, basis.prices.aws
    queries = s3_vectors_need(demand.passages, engines.s3_vectors, prices)
    machines = qdrant_need(replace(demand, rps=Fraction(1)), engines.qdrant, prices)
    even = (machines.fixed_month - queries.fixed_month) / queries.query
    yield Threshold(
        f"machines of {EngineKind.QDRANT.value} cost less than queries of {EngineKind.S3_VECTORS.value}, "
        f"over {demand.passages:,} passages",
        int(even) + 1,
        "open questions a month",
    )


def _platforms(demand: Demand, basis: Basis) -> Iterator[Threshold]:
    def platform(rps: int) -> str:
        months = make_plan(replace(demand, rps=Fraction(rps)), basis).chosen.months
        return min(months, key=lambda name: months[name])

    for rps, name in _changes(platform, 1, _MOST_RPS):
        yield Threshold(f"{name} is the cheapest platform", rps, "questions a second")


def _bounds(demand: Demand, basis: Basis) -> Iterator[Threshold]:
    for role in ("backend", "frontend"):
        if role not in basis.kit.autoscalers:
            continue
        most = basis.kit.autoscalers[role].most

        def is_beyond(rps: int, role: str = role, most: int = most) -> bool:
            chosen = make_plan(replace(demand, rps=Fraction(rps)), basis).chosen
            return sum(pods.count for pods in chosen.pods if pods.role == role) > most

        for rps, _ in _changes(is_beyond, 1, _MOST_RPS):
            yield Threshold(
                f"more than the autoscaler's {most} of {role}: raise maxReplicas", rps, "questions a second"
            )


def _chosen(demand: Demand, basis: Basis) -> str:
    possible = [option for option in options_for(demand, basis) if option.obstacle is None]
    return min(possible, key=lambda option: option.cheapest).engine.value if possible else "no engine meets it"


def _changes(kind: Callable[[int], Hashable], low: int, high: int) -> Iterator[tuple[int, Hashable]]:
    """Yield where the kind changes, and to what: found between looks at growing distances by halving."""
    at, now = low, kind(low)
    while at < high:
        following = min(high, at * _STEP)
        then = kind(following)
        if then != now:
            at = _first_other(kind, now, at, following)
            now = kind(at)
            yield at, now
        else:
            at = following


def _first_other(kind: Callable[[int], Hashable], now: Hashable, same: int, other: int) -> int:
    while other - same > 1:
        middle = (same + other) // 2
        same, other = (middle, other) if kind(middle) == now else (same, middle)
    return other
