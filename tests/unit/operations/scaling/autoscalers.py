"""Autoscalers and readings that tests of the simulator share."""

from __future__ import annotations

from fractions import Fraction

from finrag_ml_tg1.operations.scaling.autoscaler.controller import Autoscaler
from finrag_ml_tg1.operations.scaling.autoscaler.desired import Reading
from finrag_ml_tg1.operations.scaling.autoscaler.spec import (
    DEFAULT_DOWN,
    DEFAULT_UP,
    AutoscalerSpec,
    MetricTarget,
    Policy,
    PolicyKind,
    Rules,
    Select,
    TargetKind,
)

__all__ = ["CPU_70", "NOTES_API", "autoscaler_of", "percent", "pods", "replicas_over", "used"]

CPU_70 = MetricTarget("cpu", TargetKind.UTILIZATION, Fraction(70))


def percent(value: int, period_s: int) -> Policy:
    return Policy(PolicyKind.PERCENT, value, period_s)


def pods(value: int, period_s: int) -> Policy:
    return Policy(PolicyKind.PODS, value, period_s)


def autoscaler_of(
    least: int = 1,
    most: int = 100,
    metrics: tuple[MetricTarget, ...] = (CPU_70,),
    up: Rules = DEFAULT_UP,
    down: Rules = DEFAULT_DOWN,
) -> AutoscalerSpec:
    return AutoscalerSpec("backend", least, most, metrics, up, down)


# The notes' policies of the API, without their window upwards, so that the doubling is seen alone.
NOTES_API = autoscaler_of(3, 50, up=Rules(0, (percent(100, 30),)), down=Rules(300, (percent(50, 120),), Select.MAX))


def used(each: float, count: int, **others: int) -> dict[str, Reading | None]:
    """A reading of cpu: so many percent of the request by each of `count` pods."""
    return {"cpu": Reading(Fraction(each).limit_denominator(1000) * count, count, **others)}


def replicas_over(spec: AutoscalerSpec, first: int, demand: list[float], step_s: int = 15) -> list[int]:
    """Return the replicas after each look, when all pods together use that many percent of one pod's request."""
    autoscaler = Autoscaler(spec)
    replicas = first
    counts = []
    for number, whole in enumerate(demand):
        readings: dict[str, Reading | None] = {"cpu": Reading(Fraction(whole), replicas)}
        replicas = autoscaler.sync(number * step_s, replicas, readings)
        counts.append(replicas)
    return counts
