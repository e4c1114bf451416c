"""Load over time: requests a second, as shapes with a name or as a file of what was seen."""

from __future__ import annotations

import csv
import io
import json
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from finrag_ml_tg1.operations.scaling.errors import ScalingError

__all__ = ["SHAPES", "Trace", "read_trace"]

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_BUSIEST_S = 14 * _HOUR_S
# A day's load does not go below this share of its peak.
_NIGHT = 0.05


@dataclass(frozen=True, slots=True)
class Trace:
    """Requests a second at times in seconds, a straight line between two; two at one time are a step.

    Raises `ScalingError` for fewer than two points, times that go back, and loads that are negative or no numbers.
    """

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise ScalingError("a trace needs two points at the least: a beginning and an end")
        if not all(math.isfinite(at) and math.isfinite(load) and load >= 0 for at, load in self.points):
            raise ScalingError("a trace's times are finite numbers of seconds, its loads 0 or more requests a second")
        if any(later < earlier for (earlier, _), (later, _) in pairwise(self.points)):
            raise ScalingError("a trace's times must not go back")
        if self.end_s <= self.begin_s:
            raise ScalingError("a trace has to last longer than no time")

    @property
    def begin_s(self) -> float:
        """The time of the first point."""
        return self.points[0][0]

    @property
    def end_s(self) -> float:
        """The time of the last point."""
        return self.points[-1][0]

    @property
    def peak(self) -> float:
        """The greatest load, in requests a second."""
        return max(load for _, load in self.points)

    def at(self, seconds: float) -> float:
        """Return the load at a time; before the first point and after the last it is theirs."""
        after = bisect_right(self.points, seconds, key=lambda point: point[0])
        if after == 0:
            return self.points[0][1]
        if after == len(self.points):
            return self.points[-1][1]
        (begin_s, begin), (end_s, end) = self.points[after - 1], self.points[after]
        return begin + (end - begin) * (seconds - begin_s) / (end_s - begin_s)


def _constant(peak: float) -> Trace:
    return Trace(((0, peak), (1800, peak)))


def _ramp(peak: float) -> Trace:
    return Trace(((0, peak / 10), (300, peak / 10), (1500, peak), (2400, peak), (3000, peak / 10), (4200, peak / 10)))


def _step(peak: float) -> Trace:
    return Trace(((0, peak / 10), (300, peak / 10), (300, peak), (2100, peak), (2100, peak / 10), (3600, peak / 10)))


def _spike(peak: float) -> Trace:
    return Trace(((0, peak / 10), (300, peak / 10), (330, peak), (450, peak), (480, peak / 10), (1800, peak / 10)))


def _day(peak: float) -> Trace:
    def load(at_s: float) -> float:
        wave = (1 + math.cos(2 * math.pi * (at_s - _BUSIEST_S) / _DAY_S)) / 2
        return peak * (_NIGHT + (1 - _NIGHT) * wave**2)

    return Trace(tuple((at_s, load(at_s)) for at_s in range(0, _DAY_S + 1, 900)))


# Each takes the peak and begins at a tenth of it, but for `constant` and `day` (busiest at 14 h).
SHAPES: dict[str, Callable[[float], Trace]] = {
    "constant": _constant,
    "ramp": _ramp,
    "step": _step,
    "spike": _spike,
    "day": _day,
}


def read_trace(path: Path) -> Trace:
    """Return the trace of a file: CSV with `seconds,requests_per_second`, or JSON of such pairs.

    Raises `ScalingError` for what cannot be read, with the line of a CSV file.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ScalingError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScalingError(f"{path} is not a text file in UTF-8") from None
    try:
        return Trace(_from_json(text) if path.suffix == ".json" else _from_csv(text))
    except (ScalingError, ValueError, RecursionError) as error:
        raise ScalingError(f"{path}: {error}") from None


def _from_csv(text: str) -> tuple[tuple[float, float], ...]:
    rows = csv.reader(io.StringIO(text))
    if next(rows, None) != ["seconds", "requests_per_second"]:
        raise ScalingError("its first line has to be seconds,requests_per_second")
    return tuple(_pair(row, f"line {rows.line_num}") for row in rows if row)


def _from_json(text: str) -> tuple[tuple[float, float], ...]:
    content = json.loads(text)
    if not isinstance(content, list):
        raise ScalingError("it has to be a list of pairs [seconds, requests_per_second]")
    return tuple(_pair(row, f"pair {number}") for number, row in enumerate(content, 1))


def _pair(row: Sequence[object], where: str) -> tuple[float, float]:
    try:
        at_s, load = row
        return float(str(at_s)), float(str(load))
    except (TypeError, ValueError):
        raise ScalingError(f"{where} is no pair of numbers: {row!r}") from None
