"""Curves of replicas over time, worked out by hand from Kubernetes' "Configurable scaling behavior"."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.operations.scaling.autoscaler.spec import AutoscalerSpec, Rules, Select
from tests.unit.operations.scaling.autoscalers import NOTES_API, autoscaler_of, percent, pods, replicas_over

# Percent of one pod's request that all pods use together: far more than any bound, and nothing.
FLOOD = 10_000_000.0
IDLE = 0.0
QUICK_DOWN = Rules(0, (percent(100, 15),))

# spec, replicas at first, use at each look (15 s apart), replicas after each look.
BY_HAND: dict[str, tuple[AutoscalerSpec, int, list[float], list[int]]] = {
    # 100 % per 30 s: a look after 15 s finds the period's doubling used up.
    "the notes' API doubles each 30 s": (
        NOTES_API,
        3,
        [FLOOD] * 11,
        [6, 6, 12, 12, 24, 24, 48, 48, 50, 50, 50],
    ),
    # Default: the greater of 4 pods and 100 % each 15 s: 1+4, 5x2, 10x2, 20x2, ...
    "default up": (autoscaler_of(1, 100), 1, [FLOOD] * 6, [5, 10, 20, 40, 80, 100]),
    # Default from 2: 4 pods are more than 100 % (6 > 4), then 100 % is (12 > 10).
    "default up from two": (autoscaler_of(1, 100), 2, [FLOOD] * 3, [6, 12, 24]),
    # The first look counts what is there as asked for then; 300 s later only nothing was asked for: 100 % at once.
    "default down": (autoscaler_of(1, 100), 10, [IDLE] * 21, [10] * 20 + [1]),
    # 50 % per 120 s: 48 -> 24 at 300 s, 12 at 420 s, 6 at 540 s, 3 (the bound) at 660 s.
    "the notes' API halves each 120 s": (
        NOTES_API,
        48,
        [IDLE] * 46,
        [48] * 20 + [24] * 8 + [12] * 8 + [6] * 8 + [3] * 2,
    ),
    # 4 pods or 10 %: Min takes the smaller (ceil 10 % of 20 = 2).
    "min of policies upwards": (
        autoscaler_of(1, 100, up=Rules(0, (pods(4, 15), percent(10, 15)), Select.MIN)),
        20,
        [FLOOD] * 3,
        [22, 25, 28],  # 22 x 1.1 = 24.2 -> 25; 25 x 1.1 = 27.5 -> 28
    ),
    "min of policies downwards": (
        autoscaler_of(1, 100, down=Rules(0, (pods(4, 15), percent(10, 15)), Select.MIN)),
        20,
        [IDLE] * 3,
        [18, 16, 14],  # 20 x .9 = 18; 18 x .9 = 16.2 -> 16; 16 x .9 = 14.4 -> 14: never more than the 4 pods
    ),
    "max of policies downwards": (
        autoscaler_of(1, 100, down=Rules(0, (pods(4, 15), percent(10, 15)), Select.MAX)),
        20,
        [IDLE] * 3,
        [16, 12, 8],
    ),
    "disabled upwards": (
        autoscaler_of(1, 100, up=Rules(0, (pods(4, 15),), Select.DISABLED)),
        3,
        [FLOOD] * 3,
        [3, 3, 3],
    ),
    "disabled downwards": (
        autoscaler_of(1, 100, down=Rules(0, (pods(4, 15),), Select.DISABLED)),
        9,
        [IDLE] * 3,
        [9, 9, 9],
    ),
    # A window of 30 s upwards: what was there at the first look holds it for 30 s.
    "window upwards delays": (
        autoscaler_of(1, 100, up=Rules(30, (percent(900, 15),))),
        2,
        [FLOOD] * 4,
        [2, 2, 20, 100],
    ),
    # One look at a high load within the window of 30 s is overlooked: 2 pods at 70 % each otherwise.
    "window upwards overlooks a short peak": (
        autoscaler_of(1, 100, up=Rules(30, (percent(900, 15),))),
        2,
        [140, 140, FLOOD, 140, 140],
        [2, 2, 2, 2, 2],
    ),
    # One look at a low load within 300 s is overlooked.
    "window downwards overlooks a short dip": (
        autoscaler_of(1, 100),
        4,
        [280] * 3 + [IDLE] + [280] * 25,
        [4] * 29,
    ),
    # Downwards it goes to the most asked for within the window, here 60 s: 10 (at 0 s), then 6 (420/70, at 15 s).
    "window downwards keeps the most of it": (
        autoscaler_of(1, 100, down=Rules(60, (percent(100, 15),))),
        10,
        [700, 420, 70, 70, 70, 70],
        [10, 10, 10, 10, 6, 1],
    ),
    "above the bound at once": (autoscaler_of(2, 5), 9, [FLOOD], [5]),
    "below the bound at once": (autoscaler_of(6, 9), 2, [IDLE], [6]),
    "least and most are the same": (autoscaler_of(4, 4), 4, [FLOOD, IDLE, FLOOD], [4, 4, 4]),
    "switched off stays off": (autoscaler_of(1, 9), 0, [FLOOD, FLOOD], [0, 0]),
    # 1 pod a minute: at 0, 60, 120 s.
    "one pod a minute": (
        autoscaler_of(1, 100, up=Rules(0, (pods(1, 60),))),
        3,
        [FLOOD] * 9,
        [4, 4, 4, 4, 5, 5, 5, 5, 6],
    ),
    # ceil(1 x 1.1) = 2: a percentage is rounded up, so that one pod grows.
    "percentage upwards is rounded up": (
        autoscaler_of(1, 100, up=Rules(0, (percent(10, 15),))),
        1,
        [FLOOD] * 3,
        [2, 3, 4],
    ),
    # floor(3 x .5) = 1: what is left of a percentage is rounded down.
    "percentage downwards leaves less": (autoscaler_of(1, 100, down=Rules(0, (percent(50, 15),))), 3, [IDLE], [1]),
    # Pods taken away within the period count for what may be added: 10 -> 5, then 100 % of the 10 at the beginning.
    "what was taken counts upwards": (
        autoscaler_of(1, 100, up=Rules(0, (percent(100, 60),)), down=Rules(0, (percent(50, 60),))),
        10,
        [IDLE, FLOOD],
        [5, 20],
    ),
    # A period of 60 s with two rises of 2: the third waits until the first is over.
    "two rises in a period": (
        autoscaler_of(1, 100, up=Rules(0, (pods(4, 60),)), down=QUICK_DOWN),
        2,
        [280, 420, FLOOD, FLOOD, FLOOD],
        [4, 6, 6, 6, 8],  # 280/70 = 4; 420/70 = 6; then 2 of 4 are free again at 60 s
    ),
}


@pytest.mark.parametrize(("spec", "first", "demand", "expected"), BY_HAND.values(), ids=BY_HAND)
def test_replicas_follow_what_was_worked_out_by_hand(
    spec: AutoscalerSpec, first: int, demand: list[float], expected: list[int]
) -> None:
    """SU 5.3: stabilisation windows, policies by period, select Max, Min and Disabled, defaults, bounds."""
    assert replicas_over(spec, first, demand) == expected


def test_there_are_thirty_hand_worked_cases_at_the_least() -> None:
    """SU 5.3: the table of single looks has 24 and 7, this one more."""
    from tests.unit.operations.scaling.test_desired_replicas import BY_HAND as SINGLE

    assert len(SINGLE) + len(BY_HAND) >= 30
