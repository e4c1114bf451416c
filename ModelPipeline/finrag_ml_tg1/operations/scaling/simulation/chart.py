"""A simulation as an SVG chart: the load, the replicas and the time of 95 % of the answers, one above the other.

Written by hand, as three polylines need no library. Colours follow the reader's light or dark scheme, lines differ in
their dashes too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from finrag_ml_tg1.operations.scaling.simulation.run import Outcome

__all__ = ["draw_chart"]

_WIDTH = 760
_HEIGHT = 500
_LEFT = 64
_RIGHT = 16
_TOP = 62
_PANEL = 112
_GAP = 28
_ENTRY = 90
_MOST_POINTS = 400
# Between two labels of the time axis, in its unit.
_TICKS = (1, 2, 5, 10, 15, 20, 30, 60, 120)
_MS = 1000
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #31333f }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #d5d6da; stroke-width: 1 }
polyline { fill: none }
.first, .second { stroke-width: 2 }
.first { stroke: #0054a3 }
.second { stroke: #b3470b; stroke-dasharray: 5 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e6e6 }
  .grid { stroke: #4a4c55 }
  .first { stroke: #6cb6ff }
  .second { stroke: #ffa657 }
}
"""

_Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    lines: tuple[tuple[str, _Points], ...]


def draw_chart(outcome: Outcome, title: str) -> str:
    """Return an SVG document, the same text for the same outcome."""
    moments = outcome.moments
    panels = (
        _Panel(
            "requests a second",
            (
                ("asked", [(one.at_s, one.requests_per_s) for one in moments]),
                ("refused", [(one.at_s, one.dropped / outcome.step_s) for one in moments]),
            ),
        ),
        _Panel(
            "replicas",
            (
                ("wanted", [(one.at_s, one.wanted) for one in moments]),
                ("serving", [(one.at_s, one.ready) for one in moments]),
            ),
        ),
        _Panel("ms for 95 % of answers", (("", [(one.at_s, (one.p95_s or 0) * _MS) for one in moments]),)),
    )
    begin_s, end_s = moments[0].at_s, moments[-1].at_s + outcome.step_s
    parts = [line for number, panel in enumerate(panels) for line in _panel(panel, number, begin_s, end_s)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
            ' aria-labelledby="title">',
            f'<title id="title">{escape(title)}</title>',
            f"<style>{_STYLE}</style>",
            f'<text class="title" x="{_LEFT}" y="24">{escape(title)}</text>',
            *parts,
            *_time_axis(begin_s, end_s),
            "</svg>",
            "",
        ]
    )


def _panel(panel: _Panel, number: int, begin_s: float, end_s: float) -> Iterator[str]:
    top = _TOP + number * (_PANEL + _GAP)
    most = _nice(max(value for _, points in panel.lines for _, value in points))
    yield f'<text x="{_LEFT}" y="{top - 8}">{escape(panel.title)}</text>'
    yield from _legend([name for name, _ in panel.lines], top - 12)
    for share in (0, 0.5, 1):
        y = top + _PANEL * (1 - share)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:g}" y2="{y:g}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:g}" text-anchor="end">{most * share:g}</text>'
    for name, (_, points) in zip(("first", "second"), panel.lines, strict=False):
        drawn = " ".join(
            f"{_across(at_s, begin_s, end_s):.1f},{top + _PANEL * (1 - value / most):.1f}"
            for at_s, value in _thinned(points)
        )
        yield f'<polyline class="{name}" points="{drawn}"/>'


def _time_axis(begin_s: float, end_s: float) -> Iterator[str]:
    y = _TOP + 3 * _PANEL + 2 * _GAP + 18
    unit, seconds = ("h", 3600) if end_s - begin_s > 4 * 3600 else ("min", 60)
    units = (end_s - begin_s) / seconds
    step = next((step for step in _TICKS if units / step <= 8), units)
    for number in range(math.floor(units / step) + 1):
        x = _across(begin_s + number * step * seconds, begin_s, end_s)
        yield f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{number * step:g}</text>'
    yield f'<text x="{_WIDTH - _RIGHT}" y="{y + 16}" text-anchor="end">{unit}</text>'


def _legend(names: Sequence[str], y: float) -> Iterator[str]:
    """The lines' names at the right, each after a piece of its line."""
    named = [(line, name) for line, name in zip(("first", "second"), names, strict=False) if name]
    for number, (line, name) in enumerate(named):
        x = _WIDTH - _RIGHT - (len(named) - number) * _ENTRY
        yield f'<line class="{line}" x1="{x}" x2="{x + 24}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{x + 30}" y="{y + 4}">{escape(name)}</text>'


def _across(at_s: float, begin_s: float, end_s: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (at_s - begin_s) / (end_s - begin_s)


def _thinned(points: _Points) -> Iterator[tuple[float, float]]:
    """The greatest of as many neighbours as make few enough points, so that no peak is lost; the last point too."""
    size = math.ceil(len(points) / _MOST_POINTS)
    for begin in range(0, len(points), size):
        group = points[begin : begin + size]
        yield group[0][0], max(value for _, value in group)
    yield points[-1]


def _nice(most: float) -> float:
    """The next of 1, 2, 3, 5 times a power of ten."""
    if most <= 0:
        return 1
    power = math.pow(10, math.floor(math.log10(most)))
    return next(step * power for step in (1, 2, 3, 5, 10) if step * power >= most)
