"""How far a share of few cases can be trusted."""

from __future__ import annotations

from math import sqrt

__all__ = ["interval"]

_Z95 = 1.96


def interval(part: int, whole: int) -> list[float]:
    """Return the 95 % interval of a share (Wilson's); from 0 to 1 for nothing."""
    if not whole:
        return [0.0, 1.0]
    rate, square = part / whole, _Z95**2
    middle = (rate + square / (2 * whole)) / (1 + square / whole)
    half = _Z95 * sqrt(rate * (1 - rate) / whole + square / (4 * whole**2)) / (1 + square / whole)
    return [round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)]
