"""A chart as a Vega-Lite specification and as words. Pure; shows nothing itself.

The numbers stand inside a layer, not at the top: from there Streamlit would take them through pandas.
"""

from collections.abc import Sequence
from typing import Any

from serving.frontend.numbers.chart_data import Chart, Point

__all__ = ["build_spec", "describe_chart"]

Spec = dict[str, Any]

_HEIGHT_PX = 240
_BAR_STEP_PX = 36
# Above this, numbers are written with K, M, B.
_SMALLEST_ABBREVIATED = 10_000


def build_spec(chart: Chart) -> Spec:
    """Return the specification: lines for several series, columns for one, bars for members side by side."""
    if not chart.over_time:
        return _wrap(chart, _draw_bars(chart), {"step": _BAR_STEP_PX})
    drawn = _draw_lines(chart) if len(set(chart.names)) > 1 else _draw_columns(chart)
    return _wrap(chart, drawn, _HEIGHT_PX)


def describe_chart(chart: Chart) -> str:
    """Return the chart in words, for readers who do not see it."""
    numbers = "; ".join(
        " ".join(filter(None, [name, point.period if chart.over_time else "", point.words]))
        for name, point in chart.rows
    )
    return f"{chart.title}: {numbers}" if chart.title else numbers


def _wrap(chart: Chart, drawn: Spec, height: object) -> Spec:
    """Return a layer that holds the numbers, with their exact words for the tooltip and short ones for labels."""
    values = [_describe_point(name, point) for name, point in chart.rows]
    tooltip = [{"field": field, "title": title} for field, title in _tooltip_fields(chart)]
    drawn["encoding"]["tooltip"] = tooltip
    label = {"calculate": _write_number(chart.points, "datum.value", 4), "as": "label"}
    return {"height": height, "layer": [{"data": {"values": values}, "transform": [label], **drawn}]}


def _describe_point(name: str, point: Point) -> Spec:
    return {
        "name": name,
        "company": point.company,
        "measure": point.measure,
        "period": point.period,
        "value": float(point.value),
        "exact": point.words,
    }


def _tooltip_fields(chart: Chart) -> list[tuple[str, str]]:
    named = [("name", " ")] if any(chart.names) else []
    return [*named, ("company", "Company"), ("period", "Period"), ("exact", "Exact value")]


def _draw_lines(chart: Chart) -> Spec:
    axis = {"title": None, "tickCount": 5, "labelExpr": _write_number(chart.points, "datum.value", 3)}
    # Beside one another as far as they fit a narrow window.
    longest = max(map(len, chart.names))
    columns = next(count for count, chars in ((4, 6), (2, 18), (1, longest)) if longest <= chars)
    legend = {"title": None, "orient": "bottom", "columns": columns, "labelLimit": 260, "symbolSize": 70}
    series = {"field": "name", "type": "nominal", "sort": None, "legend": legend}
    return {
        "encoding": {
            "x": _encode_periods(chart),
            "y": {"field": "value", "type": "quantitative", "scale": {"zero": False}, "axis": axis},
            "color": series,
        },
        "layer": [
            {"mark": {"type": "line"}},
            # Shapes as well, so that lines are not told apart by colour alone.
            {"mark": {"type": "point", "filled": True, "size": 70, "opacity": 1}, "encoding": {"shape": series}},
        ],
    }


def _draw_columns(chart: Chart) -> Spec:
    place = {"baseline": {"expr": "datum.value < 0 ? 'top' : 'bottom'"}, "dy": {"expr": "datum.value < 0 ? 5 : -5"}}
    return {
        "encoding": {
            "x": _encode_periods(chart),
            "y": {"field": "value", "type": "quantitative", "axis": None, "scale": _leave_room(chart, 0.12)},
        },
        "layer": [
            {"mark": {"type": "bar", "width": {"band": 0.5}}},
            {"mark": {"type": "text", **place}, "encoding": {"text": {"field": "label"}}},
        ],
    }


def _draw_bars(chart: Chart) -> Spec:
    place = {"align": {"expr": "datum.value < 0 ? 'right' : 'left'"}, "dx": {"expr": "datum.value < 0 ? -5 : 5"}}
    axis = {"title": None, "ticks": False, "domain": False, "labelLimit": 170}
    return {
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": None, "axis": axis},
            "x": {"field": "value", "type": "quantitative", "axis": None, "scale": _leave_room(chart, 0.22)},
        },
        "layer": [
            {"mark": {"type": "bar", "height": {"band": 0.6}}},
            {"mark": {"type": "text", **place}, "encoding": {"text": {"field": "label"}}},
        ],
    }


def _leave_room(chart: Chart, share: float) -> Spec:
    """Return a scale from zero with room for the labels at the ends of the bars, as a share of the longest bar."""
    values = [float(point.value) for point in chart.points]
    room = share * max(map(abs, values))
    domain = [min(values) - room if min(values) < 0 else 0, max(values) + room if max(values) > 0 else 0]
    return {"domain": domain, "nice": False} if room else {}


def _encode_periods(chart: Chart) -> Spec:
    ordered = sorted(chart.points, key=lambda point: point.order)
    periods = list(dict.fromkeys(point.period for point in ordered))
    axis = {"title": None, "labelAngle": 0, "ticks": False}
    return {"field": "period", "type": "ordinal", "sort": periods, "axis": axis}


def _write_number(points: Sequence[Point], field: str, digits: int) -> str:
    """Return the Vega expression that writes a number short, in the manner of its unit."""
    display = points[0].display
    if display == "percent":
        return f"format({field}, '.{digits}~p')"
    if display in {"points", "basis points"}:
        return f"format({field} * 100, '.{digits}~r')"
    if max(abs(point.value) for point in points) < _SMALLEST_ABBREVIATED:
        return f"format({field}, ',.2~f')"
    # d3 calls a billion G, for giga.
    return f"replace(format({field}, '.{digits}~s'), 'G', 'B')"
