"""What a HorizontalPodAutoscaler says, as frozen objects; the defaults are those that Kubernetes documents."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

__all__ = [
    "DEFAULT_DOWN",
    "DEFAULT_UP",
    "SYNC_PERIOD_S",
    "TOLERANCE",
    "AutoscalerSpec",
    "MetricTarget",
    "Policy",
    "PolicyKind",
    "Rules",
    "Select",
    "TargetKind",
]

# Flags of kube-controller-manager: --horizontal-pod-autoscaler-sync-period and -tolerance.
SYNC_PERIOD_S = 15
TOLERANCE = Fraction(1, 10)


class TargetKind(Enum):
    """How a metric is aimed at: as a percentage of what pods request, or as an amount of each pod."""

    UTILIZATION = "Utilization"
    AVERAGE_VALUE = "AverageValue"


@dataclass(frozen=True, slots=True)
class MetricTarget:
    """A metric and its target: percent of the request for `UTILIZATION`, else the metric's unit for each pod."""

    name: str
    kind: TargetKind
    target: Fraction


class PolicyKind(Enum):
    """Whether a policy counts pods, or percent of the pods at the period's beginning."""

    PODS = "Pods"
    PERCENT = "Percent"


@dataclass(frozen=True, slots=True)
class Policy:
    """How much may change within a period."""

    kind: PolicyKind
    value: int
    period_s: int


class Select(Enum):
    """Which of several policies counts: the one that changes most, the one that changes least, or no change at all."""

    MAX = "Max"
    MIN = "Min"
    DISABLED = "Disabled"


@dataclass(frozen=True, slots=True)
class Rules:
    """How one direction behaves: the window that is looked back over, the policies, and the tolerance."""

    window_s: int
    policies: tuple[Policy, ...]
    select: Select = Select.MAX
    tolerance: Fraction = TOLERANCE


# "Default Behavior" in Kubernetes' documentation of the HorizontalPodAutoscaler.
DEFAULT_UP = Rules(0, (Policy(PolicyKind.PERCENT, 100, 15), Policy(PolicyKind.PODS, 4, 15)))
DEFAULT_DOWN = Rules(300, (Policy(PolicyKind.PERCENT, 100, 15),))


@dataclass(frozen=True, slots=True)
class AutoscalerSpec:
    """One autoscaler: the name of what it scales, bounds, metrics and behaviour."""

    target: str
    least: int
    most: int
    metrics: tuple[MetricTarget, ...]
    up: Rules = DEFAULT_UP
    down: Rules = DEFAULT_DOWN
