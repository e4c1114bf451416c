"""How fast the replicas may change: stabilisation windows and policies.

The rules are those of "Configurable scaling behavior" in Kubernetes' documentation of the HorizontalPodAutoscaler.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from finrag_ml_tg1.operations.scaling.autoscaler.spec import AutoscalerSpec, Policy, PolicyKind, Rules, Select

__all__ = ["Change", "Recommendation", "highest_allowed", "lowest_allowed", "stabilise"]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the metrics asked for at a time (seconds), before anything held it back."""

    at_s: float
    replicas: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change that was made: positive for pods added, negative for pods taken away."""

    at_s: float
    pods: int


def stabilise(now_s: float, current: int, desired: int, past: Iterable[Recommendation], spec: AutoscalerSpec) -> int:
    """Return the count between the least asked for in the window upwards and the most in the window downwards.

    More pods only when all of the upward window asked for more; fewer only when all of the downward window asked for
    fewer, and then as many as the most of it.
    """
    up = down = desired
    for recommendation in past:
        age_s = now_s - recommendation.at_s
        if age_s < spec.up.window_s:
            up = min(up, recommendation.replicas)
        if age_s < spec.down.window_s:
            down = max(down, recommendation.replicas)
    return min(max(current, up), down)


def highest_allowed(now_s: float, current: int, changes: Sequence[Change], rules: Rules) -> int:
    """Return up to how many replicas the policies let it grow now; percentages are rounded up."""
    if rules.select is Select.DISABLED:
        return current
    limits = [_grown(_at_beginning(now_s, current, changes, policy), policy) for policy in rules.policies]
    return max(current, max(limits) if rules.select is Select.MAX else min(limits))


def lowest_allowed(now_s: float, current: int, changes: Sequence[Change], rules: Rules) -> int:
    """Return down to how many replicas the policies let it shrink now; what is left of a percentage is rounded down."""
    if rules.select is Select.DISABLED:
        return current
    limits = [_shrunk(_at_beginning(now_s, current, changes, policy), policy) for policy in rules.policies]
    return min(current, min(limits) if rules.select is Select.MAX else max(limits))


def _at_beginning(now_s: float, current: int, changes: Sequence[Change], policy: Policy) -> int:
    return current - sum(change.pods for change in changes if now_s - change.at_s < policy.period_s)


def _grown(replicas: int, policy: Policy) -> int:
    if policy.kind is PolicyKind.PODS:
        return replicas + policy.value
    return -(-replicas * (100 + policy.value) // 100)


def _shrunk(replicas: int, policy: Policy) -> int:
    if policy.kind is PolicyKind.PODS:
        return replicas - policy.value
    return max(0, replicas * (100 - policy.value) // 100)
