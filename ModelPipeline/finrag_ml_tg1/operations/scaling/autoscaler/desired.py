"""How many replicas the metrics ask for.

The rules are those of "Algorithm details" in Kubernetes' documentation of the HorizontalPodAutoscaler. Ratios are exact
fractions, where the controller rounds utilisation to whole percent and counts in doubles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from finrag_ml_tg1.operations.scaling.autoscaler.spec import AutoscalerSpec, MetricTarget

__all__ = ["Reading", "desired_by_metric", "desired_replicas"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric over the pods: the sum of those that are ready and measured, and how many pods are which.

    `total` is in the unit of the target: percent of a pod's request, or the metric's unit. `missing` pods are ready and
    have no metric; `unready` ones have not begun to serve. Pods that are being deleted are in none of them.
    """

    total: Fraction
    measured: int
    missing: int = 0
    unready: int = 0


def desired_by_metric(current: int, metric: MetricTarget, reading: Reading, spec: AutoscalerSpec) -> int | None:
    """Return what one metric asks for; None when no pod is measured.

    `ceil(current × metric / target)`, and `current` within the tolerance. Pods that are not ready are set aside; of
    those without a metric the worst is assumed: the whole target when fewer pods are asked for, nothing when more are,
    and nothing for those that are not ready either. When that turns the direction, nothing changes.
    """
    if reading.measured == 0:
        return None
    ratio = reading.total / (metric.target * reading.measured)
    counts_unready = reading.unready > 0 and ratio > 1
    if reading.missing == 0 and not counts_unready:
        return current if _is_tolerated(ratio, spec) else math.ceil(ratio * reading.measured)
    assumed = metric.target * reading.missing if ratio < 1 else Fraction()
    pods = reading.measured + reading.missing + (reading.unready if counts_unready else 0)
    careful = (reading.total + assumed) / (metric.target * pods)
    if _is_tolerated(careful, spec) or (ratio < 1) != (careful < 1):
        return current
    proposed = math.ceil(careful * pods)
    turns = proposed > current if careful < 1 else proposed < current
    return current if turns else proposed


def desired_replicas(current: int, readings: Mapping[str, Reading | None], spec: AutoscalerSpec) -> int:
    """Return the most that any metric asks for; a metric that cannot be read keeps pods from being taken away."""
    asked = [_asked(current, metric, readings.get(metric.name), spec) for metric in spec.metrics]
    known = [count for count in asked if count is not None]
    if not known:
        return current
    most = max(known)
    return current if most < current and len(known) < len(asked) else most


def _asked(current: int, metric: MetricTarget, reading: Reading | None, spec: AutoscalerSpec) -> int | None:
    return None if reading is None else desired_by_metric(current, metric, reading, spec)


def _is_tolerated(ratio: Fraction, spec: AutoscalerSpec) -> bool:
    return 1 - spec.down.tolerance <= ratio <= 1 + spec.up.tolerance
