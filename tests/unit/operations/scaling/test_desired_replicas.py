"""How many replicas metrics ask for, worked out by hand from Kubernetes' "Algorithm details"."""

from __future__ import annotations

from fractions import Fraction

import pytest

from finrag_ml_tg1.operations.scaling.autoscaler.desired import Reading, desired_by_metric, desired_replicas
from finrag_ml_tg1.operations.scaling.autoscaler.spec import (
    DEFAULT_DOWN,
    DEFAULT_UP,
    MetricTarget,
    Rules,
    TargetKind,
)
from tests.unit.operations.scaling.autoscalers import CPU_70, autoscaler_of

SPEC = autoscaler_of()

# current, sum over measured pods in percent, measured, missing, unready, expected at a target of 70 %.
BY_HAND = {
    "twice the target": (3, 420, 3, 0, 0, 6),  # 140/70 = 2; 3 x 2
    "half the target": (6, 210, 6, 0, 0, 3),  # 35/70 = .5; 6 x .5
    "rounded up": (3, 300, 3, 0, 0, 5),  # 100/70 = 1.43; 4.29 -> 5
    "rounded up when falling": (5, 200, 5, 0, 0, 3),  # 40/70 = .571; 2.86 -> 3
    "on the target": (4, 280, 4, 0, 0, 4),  # ratio 1
    "at the upper tolerance": (10, 770, 10, 0, 0, 10),  # 77/70 = 1.1, still within
    "beyond the upper tolerance": (10, 771, 10, 0, 0, 12),  # 1.1014; 11.01 -> 12
    "at the lower tolerance": (10, 630, 10, 0, 0, 10),  # 63/70 = .9, still within
    "beyond the lower tolerance": (10, 620, 10, 0, 0, 9),  # .886; 8.86 -> 9
    "a change that rounding takes back": (2, 120, 2, 0, 0, 2),  # .857; 1.71 -> 2
    "idle": (5, 0, 5, 0, 0, 0),  # ratio 0; the bound comes later
    "one pod far above": (1, 700, 1, 0, 0, 10),  # ratio 10
    "not measured at all": (4, 0, 0, 4, 0, None),  # no pod says anything
    # Falling: a missing pod counts as at the target. (2x14 + 70)/(3x70) = .467; ceil(1.4) = 2
    "missing while falling": (3, 28, 2, 1, 0, 2),
    # (3x62 + 70)/(4x70) = .914: within the tolerance now
    "missing while falling, then tolerated": (4, 186, 3, 1, 0, 4),
    # Rising: a missing pod counts as 0. (2x140)/(3x70) = 1.33; ceil(4) = 4
    "missing while rising": (3, 280, 2, 1, 0, 4),
    # 2x80/(2x70) = 1.14 rises; with a third at 0: 160/210 = .76 would fall: nothing changes
    "missing turns the direction": (3, 160, 2, 1, 0, 3),
    # (2x105)/(3x70) = 1.0: within the tolerance
    "missing while rising, then tolerated": (3, 210, 2, 1, 0, 3),
    # Rising: pods not ready count as 0. 3x140/(5x70) = 1.2; ceil(6) = 6 of 5
    "unready while rising": (5, 420, 3, 0, 2, 6),
    # 3x140/(6x70) = 1: those that start are enough
    "unready are enough": (6, 420, 3, 0, 3, 6),
    # Falling: pods not ready are set aside. 35/70 = .5 of the 4 ready ones
    "unready while falling": (6, 140, 4, 0, 2, 2),
    # 4x140 over 4+1+1 pods: 560/420 = 1.33; ceil(8) = 8
    "missing and unready while rising": (6, 560, 4, 1, 1, 8),
    # ratio 1 exactly, one missing: counted as 0 it would be .67, which turns nothing up into down
    "missing on the target": (3, 140, 2, 1, 0, 3),
    # The sum of what is careful asks for fewer than there are, though the ratio rises: 2x210/(3x70) = 2; 6 < 8
    "fewer asked for than there are while rising": (8, 420, 2, 1, 0, 8),
}


@pytest.mark.parametrize(
    ("current", "total", "measured", "missing", "unready", "expected"), BY_HAND.values(), ids=BY_HAND
)
def test_metric_asks_for_what_was_worked_out_by_hand(
    current: int, total: int, measured: int, missing: int, unready: int, expected: int | None
) -> None:
    """SU 5.3: ceil(current x metric / target), the tolerance, and pods without a metric or not ready."""
    reading = Reading(Fraction(total), measured, missing, unready)
    assert desired_by_metric(current, CPU_70, reading, SPEC) == expected


RATE = MetricTarget("requests_per_second", TargetKind.AVERAGE_VALUE, Fraction(100))
BOTH = autoscaler_of(metrics=(CPU_70, RATE))


def cpu(each: int, count: int) -> Reading:
    return Reading(Fraction(each * count), count)


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        # cpu asks for 4 x 1 = 4 (tolerated), requests for 4 x 2 = 8
        ({"cpu": cpu(70, 4), "requests_per_second": cpu(200, 4)}, 8),
        # cpu asks for 8, requests for 2
        ({"cpu": cpu(140, 4), "requests_per_second": cpu(50, 4)}, 8),
        # both ask for fewer: 2 and 3
        ({"cpu": cpu(35, 4), "requests_per_second": cpu(75, 4)}, 3),
        # one cannot be read and the other asks for fewer: nothing changes
        ({"cpu": cpu(35, 4), "requests_per_second": None}, 4),
        # one cannot be read and the other asks for more: it is done
        ({"cpu": cpu(140, 4), "requests_per_second": None}, 8),
        # nothing can be read
        ({"cpu": None, "requests_per_second": None}, 4),
        ({}, 4),
    ],
    ids=["max", "max the other way", "max of fewer", "unread and fewer", "unread and more", "unread", "none given"],
)
def test_most_that_a_metric_asks_for_counts(readings: dict[str, Reading | None], expected: int) -> None:
    """SU 5.3: the maximum over metrics; one that cannot be read keeps pods from being taken away."""
    assert desired_replicas(4, readings, BOTH) == expected


def test_tolerance_is_that_of_its_direction() -> None:
    """Kubernetes 1.33: behavior.scaleUp.tolerance and scaleDown.tolerance."""
    spec = autoscaler_of(
        up=Rules(0, DEFAULT_UP.policies, tolerance=Fraction()),
        down=Rules(300, DEFAULT_DOWN.policies, tolerance=Fraction(3, 10)),
    )
    assert desired_by_metric(10, CPU_70, Reading(Fraction(710), 10), spec) == 11
    assert desired_by_metric(10, CPU_70, Reading(Fraction(500), 10), spec) == 10
