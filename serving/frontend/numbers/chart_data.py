"""Which numbers of an answer make a chart: a series over periods, or members of one period side by side."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from serving.frontend.contract.figures import Calculation, Fact, format_exact

__all__ = ["Chart", "Point", "choose_charts"]

_FEWEST = 3
# More lines than this cannot be told apart.
_MOST_SERIES = 8
_MOST_MEMBERS = 30


@dataclass(frozen=True, slots=True)
class Point:
    """One number to draw. `order` sorts periods; `display` is "" for a fact, whose unit says all."""

    company: str
    ticker: str
    measure: str
    member: str
    period: str
    order: str
    value: Decimal
    unit: str
    display: str

    @property
    def words(self) -> str:
        """The exact number with its unit."""
        digits = format_exact(self.value, grouped=True)
        return digits if self.unit == "pure" else f"{digits} {self.unit}"


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
    facts: Sequence[Fact], calculations: Sequence[Calculation], metrics: Iterable[str] = ()
) -> list[Chart]:
    """Return the charts worth drawing, at most one for each unit over time, or one for each measure side by side.

    What was calculated comes before what it was calculated from. `metrics` names what was asked for, so that the steps
    of a calculation are not drawn.
    """
    asked = set(metrics)
    results = [_from_calculation(each) for each in calculations if each.metric in asked] or [
        _from_calculation(each) for each in calculations
    ]
    return _choose(results) or _choose([_from_fact(fact) for fact in facts])


def _choose(points: list[Point]) -> list[Chart]:
    return _chart_series(points) or _chart_members(points)


def _from_fact(fact: Fact) -> Point:
    whole, _, member = fact.label.rpartition(", ") if fact.dimensions else (fact.label, "", "")
    return Point(
        company=fact.company or fact.ticker or fact.accession,
        ticker=fact.ticker,
        measure=whole or fact.label,
        member=member if whole else "",
        period=fact.period,
        order=fact.period_end,
        value=fact.value,
        unit=fact.unit,
        display="",
    )


def _from_calculation(calculation: Calculation) -> Point:
    return Point(
        company=calculation.company or calculation.ticker,
        ticker=calculation.ticker,
        measure=calculation.measure,
        member="",
        period=calculation.period,
        order=max((fact.period_end for fact in calculation.inputs), default=calculation.period),
        value=calculation.value,
        unit=calculation.unit,
        display=calculation.display,
    )


def _group(points: Iterable[Point], key: Callable[[Point], Hashable]) -> list[list[Point]]:
    groups: dict[Hashable, list[Point]] = {}
    for point in points:
        groups.setdefault(key(point), []).append(point)
    return list(groups.values())


def _chart_series(points: list[Point]) -> list[Chart]:
    charts = []
    for group in _group(points, lambda point: (point.unit, point.display)):
        series = [
            sorted(line, key=lambda point: point.order)
            for line in _group(group, lambda point: (point.company, point.measure, point.member))
            if _has_distinct_periods(line)
        ]
        if 0 < len(series) <= _MOST_SERIES:
            charts.append(_build_chart([point for line in series for point in line], over_time=True))
    return charts


def _has_distinct_periods(line: list[Point]) -> bool:
    """Whether a line has enough periods, each of them once: a quarter and the year to date are no series."""
    periods = {point.period for point in line}
    return "" not in periods and len(periods) == len(line) >= _FEWEST


def _chart_members(points: list[Point]) -> list[Chart]:
    """Chart the parts of one company's number in one period, or one number of several companies."""
    parts = [point for point in points if point.member]
    wholes = [point for point in points if not point.member]
    groups = [
        *_group(parts, lambda point: (point.company, point.measure, point.unit, point.period)),
        *_group(wholes, lambda point: (point.measure, point.unit, point.display)),
    ]
    return [_build_chart(group, over_time=False) for group in groups if _has_distinct_members(group)]


def _has_distinct_members(group: list[Point]) -> bool:
    members = {(point.company, point.member) for point in group}
    return _FEWEST <= len(members) == len(group) <= _MOST_MEMBERS


def _build_chart(points: list[Point], *, over_time: bool) -> Chart:
    """Name points by what differs between them; what they share is the title."""
    measures = list(dict.fromkeys(point.measure for point in points))
    companies = list(dict.fromkeys(point.company for point in points))
    periods = {point.period for point in points}
    shared = [
        *(companies if len(companies) == 1 else []),
        *(measures if len(measures) == 1 else []),
        *(periods if len(periods) == 1 else []),
        *([_unit_words(points[0])] if _unit_words(points[0]) else []),
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


def _unit_words(point: Point) -> str:
    """Return the unit to read the numbers in; "" where the numbers say it themselves, or have none."""
    if point.unit == "pure":
        return {"points": "percentage points", "basis points": "percentage points", "times": "times"}.get(
            point.display, ""
        )
    unit, _, per = point.unit.partition("/")
    return f"{unit} per {per.rstrip('s')}" if per else unit
