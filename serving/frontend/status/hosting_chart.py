"""A month's cost against the hours of running a day, as a Vega-Lite specification and as words. Pure.

The numbers stand inside a layer, not at the top: from there Streamlit would take them through pandas.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from serving.frontend.status.hosting_cost import PriceCatalogue, cost_of_month

__all__ = ["build_hosting_spec", "describe_hosting_chart"]

Spec = dict[str, Any]

_HOURS = (0, 4, 8, 12, 16, 20, 24)
_ALWAYS_ON = 24
# The height is that of the whole, and axis title and legend take of it.
_HEIGHT_PX = 380
# Room above the dearest month for its label.
_ROOM = 1.15
# Streamlit colours the text of axes for its theme, that of marks it leaves black.
_INK: Spec = {"color": {"expr": "luminance(background) < 0.5 ? '#fafafa' : '#31333f'"}}


def build_hosting_spec(catalogues: Sequence[PriceCatalogue]) -> Spec:
    """Return lines from nothing to each price list's month; where nothing is suspended, the month is written out."""
    dearest = max(float(each.usd_per_month) for each in catalogues)
    legend = {"title": None, "orient": "bottom", "columns": 1, "labelLimit": 300, "symbolSize": 70}
    series = {"field": "name", "type": "nominal", "sort": None, "legend": legend}
    hours = {
        "title": "Hours of running a day, else suspended",
        "values": list(_HOURS),
        "grid": False,
        "labelFlush": False,
    }
    level = {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleBaseline": "bottom", "titleY": -8}
    dollars = {"title": "USD a month", "format": ",.6~r", "tickCount": 4, **level}
    exact = [("name", "Prices"), ("hours", "Hours a day"), ("words", "A month")]
    drawn = {
        "encoding": {
            "x": {"field": "hours", "type": "quantitative", "axis": hours, "scale": {"domain": [0, _ALWAYS_ON]}},
            "y": {
                "field": "usd",
                "type": "quantitative",
                "axis": dollars,
                "scale": {"domain": [0, dearest * _ROOM], "nice": False},
            },
            "tooltip": [{"field": field, "title": title} for field, title in exact],
        },
        "layer": [
            {"mark": {"type": "line"}, "encoding": {"color": series}},
            # Shapes as well, so that lines are not told apart by colour alone.
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {"color": series, "shape": series},
            },
            {
                "mark": {"type": "text", **_INK, "align": "right", "baseline": "bottom", "dx": 4, "dy": -8},
                "encoding": {"text": {"field": "label"}},
            },
        ],
    }
    return {"height": _HEIGHT_PX, "layer": [{"data": {"values": list(_points(catalogues))}, **drawn}]}


def describe_hosting_chart(catalogues: Sequence[PriceCatalogue]) -> str:
    """Return the chart in words, for readers who do not see it."""
    lines = []
    for each in catalogues:
        months = ", ".join(f"{hours} h a day {_write(each, hours)}" for hours in _HOURS[1:-1])
        lines.append(f"{each.name}: {months}, always on {_write(each, _ALWAYS_ON)}")
    return f"Cost of a month in US dollars by hours of running a day. {'; '.join(lines)}"


def _points(catalogues: Sequence[PriceCatalogue]) -> Iterator[Spec]:
    for each in catalogues:
        for hours in _HOURS:
            words = _write(each, hours)
            yield {
                "name": f"{each.name} ({each.sizes})",
                "hours": hours,
                "usd": float(cost_of_month(each, hours)),
                "words": words,
                "label": f"always on {words}" if hours == _ALWAYS_ON else "",
            }


def _write(catalogue: PriceCatalogue, hours: int) -> str:
    return f"${cost_of_month(catalogue, hours):,}"
