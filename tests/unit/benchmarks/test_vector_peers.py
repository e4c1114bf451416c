"""What the comparison of vector searches calls right, and that FinRAG's side of it searches what it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.vector_peer_corpus import exact_thresholds, recall
from benchmarks.vector_peer_report import report
from benchmarks.vector_peer_rows import Filter, VectorRows, Workload
from benchmarks.vector_peer_systems import FinRAG

_FIRST, _SECOND = Filter(0, (2020, 2021)), Filter(1, (2021,))


@pytest.fixture
def rows(tmp_path: Path) -> VectorRows:
    """60 directions, one degree apart: row n stands at n degrees. 20 rows each of three parts of two companies."""
    angles = np.radians(np.arange(60))
    stored = VectorRows(tmp_path / "rows")
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    stored.write(iter([vectors[:50], vectors[50:]]), np.repeat([0, 0, 1], 20), np.repeat([2020, 2021, 2021], 20))
    return stored


def _at(degrees: float, *filters: Filter | None) -> Workload:
    direction = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], dtype=np.float32)
    return Workload("asked", np.tile(direction, (len(filters), 1)), filters)


def test_recall_is_whole_when_the_nearest_rows_are_found(rows: VectorRows) -> None:
    workload = _at(30.2, None)
    assert recall(rows, workload, exact_thresholds(rows, workload), [list(range(26, 36))]) == 1


def test_recall_counts_only_distinct_rows_among_the_nearest(rows: VectorRows) -> None:
    workload = _at(30.2, None)
    found = [26, 27, 28, 28, 28, 28, 28, 28, 28, 25]
    assert recall(rows, workload, exact_thresholds(rows, workload), [found]) == pytest.approx(0.3)


def test_recall_refuses_rows_outside_the_filter(rows: VectorRows) -> None:
    """The nearest of the second company's rows are its first ten; those nearer are the first company's."""
    workload = _at(30.2, _SECOND)
    thresholds = exact_thresholds(rows, workload)
    assert recall(rows, workload, thresholds, [list(range(40, 50))]) == 1
    assert recall(rows, workload, thresholds, [list(range(26, 36))]) == 0


def test_own_search_finds_the_nearest_rows_of_a_filter_when_its_years_are_several_parts(
    rows: VectorRows, tmp_path: Path
) -> None:
    system = FinRAG(tmp_path / "index")
    system.build(rows)
    query = _at(120, None).queries[0]
    assert system.opened()(query, _FIRST, 22) == list(range(39, 17, -1))
    assert system.opened()(query, Filter(0, (2020,)), 2) == [19, 18]


def _row(system: str, recall_at_10: float, p95_ms: float, peak_rss_mb: float) -> dict[str, Any]:
    asked = {"unfiltered": {"recall@10": recall_at_10, "p50_ms": p95_ms, "p95_ms": p95_ms}}
    build = {"seconds": 1, "peak_rss_mb": 1}
    memory = {"peak_rss_mb": peak_rss_mb, "anonymous_mb": peak_rss_mb, "cgroup_peak_mb": peak_rss_mb}
    return {"rows": 9, "system": system, "workloads": asked, "build": build, **memory}


def test_report_says_goal_is_not_met_when_neither_time_nor_memory_is_a_fifth() -> None:
    text = report([_row("finrag", 0.98, 10, 100), _row("chroma", 0.98, 49, 499)])
    assert text.endswith("p95 / 4.9, rss / 5.0 (cgroup / 5.0, anonymous / 5.0): the goal of 5 is NOT MET")


def test_report_says_so_when_a_peer_finds_more() -> None:
    text = report([_row("finrag", 0.98, 10, 100), _row("chroma", 0.99, 50, 100)])
    assert text.endswith(
        "p95 / 5.0, rss / 1.0 (cgroup / 1.0, anonymous / 1.0): the goal of 5 is met, at a recall 0.0100 LOWER"
    )


def test_report_names_a_peer_that_gave_no_answers() -> None:
    killed = {"rows": 9, "system": "llamaindex", "build": {"seconds": 1, "peak_rss_mb": 1}, "search": "killed at 9 MiB"}
    text = report([_row("finrag", 0.98, 10, 100), killed])
    assert "killed at 9 MiB" in text
