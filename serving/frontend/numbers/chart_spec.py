"""A chart as a Vega-Lite specification and as words. Pure; shows nothing itself.

The numbers stand inside a layer, not at the top: from there Streamlit would take them through pandas. They are drawn in
the unit that the value axis names, so that its ticks are round in it.
"""

from textwrap import wrap
from typing import Any

from serving.frontend.numbers.chart_data import Chart
from serving.frontend.numbers.points import Point
from serving.frontend.numbers.scale import Scale, choose_scale

__all__ = ["build_spec", "describe_chart"]

Spec = dict[str, Any]

_HEIGHT_PX = 240
_BAR_PX = 22
_LINE_PX = 15
# The name of a bar is broken into lines of so many characters: what fits beside the bars of a narrow window.
_NAME_CHARS = 24
_NAME_WIDTH_PX = 190
_LEGEND_PX = 22
_LEGEND_WIDTH_PX = 320
# Streamlit colours the text of axes for its theme, that of marks it leaves black.
_INK: Spec = {"color": {"expr": "luminance(background) < 0.5 ? '#fafafa' : '#31333f'"}}


def build_spec(chart: Chart) -> Spec:
    """Return the specification: lines for several series, columns for one, bars for members side by side."""
    scale = _choose_scale(chart)
    if not chart.over_time:
        lines = max(len(_break_name(name)) for name in chart.names)
        return _wrap(chart, scale, _draw_bars(chart, scale), {"step": _BAR_PX + _LINE_PX * lines})
    names = len(set(chart.names))
    if names == 1:
        return _wrap(chart, scale, _draw_columns(chart, scale), _HEIGHT_PX)
    # The height is that of the whole, and the legend takes of it.
    columns = _count_columns(chart)
    return _wrap(chart, scale, _draw_lines(chart, scale, columns), _HEIGHT_PX + _LEGEND_PX * (1 + -(-names // columns)))


def describe_chart(chart: Chart) -> str:
    """Return the chart in words, for readers who do not see it."""
    numbers = "; ".join(
        " ".join(filter(None, [name, point.period if chart.over_time else "", point.words]))
        for name, point in chart.rows
    )
    return f"{chart.title}: {numbers}" if chart.title else numbers


def _choose_scale(chart: Chart) -> Scale:
    # Of numbers without a unit any that is not whole tells that they are ratios, so that one is asked first.
    largest = max(chart.points, key=lambda point: (point.value % 1 != 0 and point.unit == "pure", abs(point.value)))
    return choose_scale(largest.unit, largest.display, largest.value)


def _wrap(chart: Chart, scale: Scale, drawn: Spec, height: object) -> Spec:
    """Return a layer that holds the numbers, with their exact words for the tooltip."""
    values = [_describe_point(name, point, scale) for name, point in chart.rows]
    drawn["encoding"]["tooltip"] = [{"field": field, "title": title} for field, title in _tooltip_fields(chart)]
    return {"height": height, "layer": [{"data": {"values": values}, **drawn}]}


def _describe_point(name: str, point: Point, scale: Scale) -> Spec:
    return {
        "name": name,
        "broken": "\n".join(_break_name(name)),
        "company": point.company,
        "period": point.period,
        "value": float(point.value * scale.factor),
        "label": scale.write_digits(point.value),
        "exact": point.words,
    }


def _break_name(name: str) -> list[str]:
    return wrap(name, _NAME_CHARS) or [""]


def _tooltip_fields(chart: Chart) -> list[tuple[str, str]]:
    named = [("name", " ")] if any(chart.names) else []
    return [*named, ("company", "Company"), ("period", "Period"), ("exact", "Exact value")]


def _count_columns(chart: Chart) -> int:
    """Return how many names of a legend stand beside one another in a narrow window."""
    longest = max(map(len, chart.names))
    return next(count for count, chars in ((4, 6), (2, 18), (1, longest)) if longest <= chars)


def _draw_lines(chart: Chart, scale: Scale, columns: int) -> Spec:
    legend = {
        "title": None,
        "orient": "bottom",
        "columns": columns,
        "labelLimit": _LEGEND_WIDTH_PX // columns,
        "symbolSize": 70,
    }
    series = {"field": "name", "type": "nominal", "sort": None, "legend": legend}
    return {
        "encoding": {
            "x": _encode_periods(chart),
            "y": _encode_upright(scale, {"zero": False}),
            "color": series,
        },
        "layer": [
            {"mark": {"type": "line"}},
            # Shapes as well, so that lines are not told apart by colour alone.
            {"mark": {"type": "point", "filled": True, "size": 70, "opacity": 1}, "encoding": {"shape": series}},
        ],
    }


def _draw_columns(chart: Chart, scale: Scale) -> Spec:
    place = {"baseline": {"expr": "datum.value < 0 ? 'top' : 'bottom'"}, "dy": {"expr": "datum.value < 0 ? 5 : -5"}}
    return {
        "encoding": {
            "x": _encode_periods(chart),
            "y": _encode_upright(scale, _leave_room(chart, scale, 0.12)),
        },
        "layer": [
            {"mark": {"type": "bar", "width": {"band": 0.5}}},
            {"mark": {"type": "text", **_INK, **place}, "encoding": {"text": {"field": "label"}}},
        ],
    }


def _draw_bars(chart: Chart, scale: Scale) -> Spec:
    place = {"align": {"expr": "datum.value < 0 ? 'right' : 'left'"}, "dx": {"expr": "datum.value < 0 ? -5 : 5"}}
    names = {
        "title": None,
        "ticks": False,
        "domain": False,
        "labelLimit": _NAME_WIDTH_PX,
        "labelExpr": r"split(datum.label, '\n')",
    }
    values = {**_describe_axis(scale), "orient": "top", "titleAnchor": "start", "tickCount": 4}
    return {
        "encoding": {
            "y": {"field": "broken", "type": "nominal", "sort": None, "axis": names},
            "x": {
                "field": "value",
                "type": "quantitative",
                "axis": values,
                "scale": _leave_room(chart, scale, 0.22),
            },
        },
        "layer": [
            {"mark": {"type": "bar", "height": _BAR_PX}},
            {"mark": {"type": "text", **_INK, **place}, "encoding": {"text": {"field": "label"}}},
        ],
    }


def _encode_upright(scale: Scale, domain: Spec) -> Spec:
    """Return the upright axis of the values; its unit stands level above it, where it is read and costs no width."""
    level = {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleBaseline": "bottom", "titleY": -8}
    axis = {**_describe_axis(scale), **level, "tickCount": 4}
    return {"field": "value", "type": "quantitative", "axis": axis, "scale": domain}


def _describe_axis(scale: Scale) -> Spec:
    return {"title": scale.unit or None, "format": ",.6~r"}


def _leave_room(chart: Chart, scale: Scale, share: float) -> Spec:
    """Return a scale from zero with room for the labels at the ends of the bars, as a share of the longest bar."""
    values = [float(point.value * scale.factor) for point in chart.points]
    room = share * max(map(abs, values))
    domain = [min(values) - room if min(values) < 0 else 0, max(values) + room if max(values) > 0 else 0]
    return {"domain": domain, "nice": False} if room else {}


def _encode_periods(chart: Chart) -> Spec:
    ordered = sorted(chart.points, key=lambda point: point.order)
    periods = list(dict.fromkeys(point.period for point in ordered))
    axis = {"title": None, "labelAngle": 0, "ticks": False}
    return {"field": "period", "type": "ordinal", "sort": periods, "axis": axis}
