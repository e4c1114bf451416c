"""The chart of executions by hour, as bars of an SVG picture without script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.executions.history import Hour

__all__ = ["Bar", "Chart", "chart_of", "every_hour"]

_HEIGHT = 100.0
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour: where its two parts stand in a picture 100 high, from the top."""

    hour: Hour
    x: float
    success_y: float
    success_height: float
    failed_y: float
    failed_height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture: `width` units, each hour one; `highest` is what 100 stands for."""

    bars: Sequence[Bar]
    width: int
    highest: int
    text: str


def every_hour(hours: Sequence[Hour], since: datetime, until: datetime) -> list[Hour]:
    """Return each hour of a period, those too in which nothing ran."""
    known = {hour.hour: hour for hour in hours}
    moment = since.replace(minute=0, second=0, microsecond=0)
    complete = []
    while moment < until:
        complete.append(known.get(moment, Hour(moment, 0, 0)))
        moment += _HOUR
    return complete


def chart_of(hours: Sequence[Hour]) -> Chart:
    """Return the picture of these hours, one after the other."""
    highest = max((hour.success + hour.failed for hour in hours), default=0)
    bars = [_bar(place, hour, highest) for place, hour in enumerate(hours) if hour.success + hour.failed]
    return Chart(bars, max(len(hours), 1), highest, _told(hours))


def _bar(place: int, hour: Hour, highest: int) -> Bar:
    success = hour.success / highest * _HEIGHT
    failed = hour.failed / highest * _HEIGHT
    if 0 < failed < 2:
        # One failure among thousands is still to be seen.
        failed, success = 2.0, min(success, _HEIGHT - 2.0)
    top = _HEIGHT - success
    return Bar(hour, place + 0.1, round(top, 2), round(success, 2), round(top - failed, 2), round(failed, 2))


def _told(hours: Sequence[Hour]) -> str:
    success, failed = sum(hour.success for hour in hours), sum(hour.failed for hour in hours)
    if not success + failed:
        return "Nothing ran in this period."
    busiest = max(hours, key=lambda hour: hour.success + hour.failed)
    most = f"{busiest.success + busiest.failed} in the hour of {busiest.hour:%Y-%m-%d %H:%M} UTC"
    return f"{success} succeeded and {failed} failed; at most {most}."
