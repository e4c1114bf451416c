"""Reciprocal rank fusion against the formula of the paper, written out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.retrieval.fusion import fuse_rankings, top_rows

RANKINGS = st.lists(st.lists(st.integers(0, 15), unique=True), max_size=4)


@given(RANKINGS, st.integers(0, 20))
def test_fused_scores_are_sums_of_reciprocal_ranks(rankings: list[list[int]], count: int) -> None:
    rows = {row for ranking in rankings for row in ranking}
    expected = {
        row: sum(Fraction(1, 60 + ranking.index(row) + 1) for ranking in rankings if row in ranking) for row in rows
    }
    fused = fuse_rankings(rankings, count)
    assert len(fused) == min(count, len(rows))
    assert all(score == pytest.approx(float(expected[row])) for row, score in fused)
    worst = min((expected[row] for row, _ in fused), default=Fraction(0))
    left_out = rows - {row for row, _ in fused}
    assert not fused or all(expected[row] <= worst + Fraction(1, 10**12) for row in left_out)
    assert [score for _, score in fused] == sorted((score for _, score in fused), reverse=True)


@given(st.lists(st.floats(-1, 1, width=32), max_size=30), st.integers(1, 10))
def test_top_rows_are_the_greatest_positive_scores(scores: list[float], count: int) -> None:
    expected = [row for row in sorted(range(len(scores)), key=lambda row: (-scores[row], row)) if scores[row] > 0]
    assert top_rows(np.array(scores, dtype=np.float32), count).tolist() == expected[:count]


def test_nothing_to_fuse_is_no_ranking() -> None:
    assert fuse_rankings([], 5) == []
    assert fuse_rankings([[], []], 5) == []
    assert top_rows(np.empty(0, dtype=np.float32), 5).tolist() == []
