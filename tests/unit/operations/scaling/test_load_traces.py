"""Load traces: shapes with a name, and files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.load.traces import SHAPES, Trace, read_trace


@pytest.mark.parametrize("name", SHAPES)
def test_shape_reaches_its_peak_and_never_passes_it(name: str) -> None:
    trace = SHAPES[name](200)
    loads = [trace.at(at_s) for at_s in range(0, int(trace.end_s) + 1, 10)]
    assert max(loads) == pytest.approx(200) == trace.peak
    assert min(loads) >= 0


def test_load_between_two_points_is_on_their_line_and_steps_at_one_time() -> None:
    trace = Trace(((0, 10), (100, 20), (100, 50), (200, 50)))
    assert [trace.at(at_s) for at_s in (-5, 0, 50, 99.9, 100, 150, 300)] == pytest.approx(
        [10, 10, 15, 19.99, 50, 50, 50]
    )


@pytest.mark.parametrize(
    "points",
    [(), ((0, 1),), ((0, 1), (0, 2)), ((5, 1), (4, 1)), ((0, -1), (1, 1)), ((0, float("nan")), (1, 1))],
    ids=["none", "one", "no time", "back", "negative", "no number"],
)
def test_trace_that_is_none_is_refused(points: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ScalingError):
        Trace(points)


_points = st.lists(
    st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=2, max_size=20, unique_by=lambda point: point[0]
).map(sorted)


@settings(deadline=None)
@given(_points)
def test_trace_survives_csv_and_json(
    tmp_path_factory: pytest.TempPathFactory, points: list[tuple[float, float]]
) -> None:
    folder = tmp_path_factory.mktemp("traces")
    (folder / "load.csv").write_text(
        "seconds,requests_per_second\n" + "".join(f"{at_s!r},{load!r}\n" for at_s, load in points), "utf-8"
    )
    (folder / "load.json").write_text(json.dumps(points), "utf-8")
    assert read_trace(folder / "load.csv") == read_trace(folder / "load.json") == Trace(tuple(points))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("load.csv", "s,r\n1,2\n", "its first line has to be"),
        ("load.csv", "seconds,requests_per_second\n0,1\n1,many\n", "line 3"),
        ("load.csv", "seconds,requests_per_second\n0,1,2\n", "line 2"),
        ("load.csv", "", "its first line has to be"),
        ("load.json", "{}", "a list of pairs"),
        ("load.json", "[[0,1],[1]]", "pair 2"),
        ("load.json", "[[0,1],5]", "pair 2"),
        ("load.json", "[" * 5000, "load.json"),
    ],
)
def test_file_that_is_no_trace_is_refused_with_the_place(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(ScalingError) as refused:
        read_trace(tmp_path / name)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
