"""How a number moved against an earlier one, in words. Pure."""

from dataclasses import dataclass
from typing import Literal

from serving.frontend.numbers.points import Point
from serving.frontend.numbers.scale import choose_scale, write_rounded

__all__ = ["Arrow", "Change", "describe_change"]

Arrow = Literal["up", "down", "off"]


@dataclass(frozen=True, slots=True)
class Change:
    """The change with its sign, rounded: "+2.02 %", "−1.04 percentage points", "unchanged"."""

    words: str
    arrow: Arrow


def describe_change(point: Point, before: Point) -> Change:
    """Return the change: of a ratio in percentage points, of an amount in per cent, else in its own unit.

    An amount that was or became negative or nothing has no growth in per cent that means anything.
    """
    difference = point.value - before.value
    if not difference:
        return Change("unchanged", "off")
    if choose_scale(point.unit, point.display, point.value).unit in {"%", "percentage points"}:
        words = write_rounded(abs(difference), "pure", "points")
    elif point.unit not in {"pure", "days"} and before.value > 0 and point.value > 0:
        words = write_rounded(abs(difference / before.value), "pure", "percent")
    else:
        words = write_rounded(abs(difference), point.unit, point.display)
    return Change(f"+{words}", "up") if difference > 0 else Change(f"−{words}", "down")
