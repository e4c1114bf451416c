"""Which numbers of an answer make a chart: a series over periods, or members of one period side by side."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from serving.frontend.contract.figures import Calculation, Fact
from serving.frontend.numbers.points import Point, read_point

__all__ = ["Chart", "choose_charts"]

_FEWEST = 3
# More lines than this cannot be told apart.
_MOST_SERIES = 8
_MOST_MEMBERS = 30
# Years of several members side by side; with more, their bars are not compared but counted.
_MOST_PERIODS_BESIDE = 2


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers of one unit under their names: lines over periods, or bars in the order of the answer."""

    title: str
    over_time: bool
    names: tuple[str, ...]
    points: tuple[Point, ...]

    @property
    def rows(self) -> tuple[tuple[str, Point], ...]:
        """Each point with the name of its line or bar."""
        return tuple(zip(self.names, self.points, strict=True))


def choose_charts(
    facts: Sequence[Fact],
    calculations: Sequence[Calculation],
    metrics: Iterable[str] = (),
    *,
    fewest_bars: int = _FEWEST,
) -> list[Chart]:
    """Return the charts worth drawing, at most one for each unit over time, or one for each measure side by side.

    What was calculated comes before what it was calculated from. `metrics` names what was asked for, so that the steps
    of a calculation are not drawn. Fewer members than `fewest_bars` are not drawn side by side.
    """
    asked = set(metrics)
    results = [read_point(each) for each in calculations if each.metric in asked] or [
        read_point(each) for each in calculations
    ]
    return _choose(results, fewest_bars) or _choose([read_point(fact) for fact in facts], fewest_bars)


def _choose(points: list[Point], fewest_bars: int) -> list[Chart]:
    return _chart_series(points) or _chart_members(points, fewest_bars)


def _group(points: Iterable[Point], key: Callable[[Point], Hashable]) -> list[list[Point]]:
    groups: dict[Hashable, list[Point]] = {}
    for point in points:
        groups.setdefault(key(point), []).append(point)
    return list(groups.values())


def _chart_series(points: list[Point]) -> list[Chart]:
    charts = []
    for group in _group(points, lambda point: (point.unit, point.display)):
        lines = [line for line in _group(group, lambda point: point.line) if _has_distinct_periods(line)]
        # Beside a number that makes a series, that of a company with fewer periods is drawn too: it would seem missing.
        measures = {line[0].measure for line in lines if len(line) >= _FEWEST}
        series = [sorted(line, key=lambda point: point.order) for line in lines if line[0].measure in measures]
        if 0 < len(series) <= _MOST_SERIES:
            charts.append(_build_chart([point for line in series for point in line], over_time=True))
    return charts


def _has_distinct_periods(line: list[Point]) -> bool:
    """Whether each period of a line is told once: a quarter and the year to date are no series."""
    periods = {point.period for point in line}
    return "" not in periods and len(periods) == len(line)


def _chart_members(points: list[Point], fewest_bars: int) -> list[Chart]:
    """Chart the parts of one company's number in one period, or one number of several companies."""
    parts = [point for point in points if point.member]
    wholes = [point for point in points if not point.member]
    groups = [
        *_group(parts, lambda point: (point.company, point.measure, point.unit, point.period)),
        *_group(wholes, lambda point: (point.measure, point.unit, point.display)),
    ]
    return [_build_chart(group, over_time=False) for group in groups if _has_distinct_members(group, fewest_bars)]


def _has_distinct_members(group: list[Point], fewest: int) -> bool:
    """Whether the bars of a group are few enough, and each another member or another year of it."""
    members = {(point.company, point.member, point.period) for point in group}
    periods = {point.period for point in group}
    return fewest <= len(members) == len(group) <= _MOST_MEMBERS and (
        len(periods) <= _MOST_PERIODS_BESIDE or len({member[:2] for member in members}) == len(group)
    )


def _build_chart(points: list[Point], *, over_time: bool) -> Chart:
    """Name points by what differs between them; what they share is the title."""
    measures = list(dict.fromkeys(point.measure for point in points))
    companies = list(dict.fromkeys(point.company for point in points))
    periods = {point.period for point in points}
    shared = [
        *(companies if len(companies) == 1 else []),
        *(measures if len(measures) == 1 else []),
        *(periods if len(periods) == 1 else []),
    ]
    names = [
        " ".join(
            filter(
                None,
                [
                    (point.ticker or point.company) if len(companies) > 1 else "",
                    point.measure if len(measures) > 1 else "",
                    point.member,
                    point.period if not over_time and len(periods) > 1 else "",
                ],
            )
        )
        for point in points
    ]
    return Chart(", ".join(shared), over_time, tuple(names), tuple(points))
