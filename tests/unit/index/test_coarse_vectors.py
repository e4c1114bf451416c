from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.index.coarse_vectors import CoarseVectors, coarse_arrays, nearest_rows
from finrag_ml_tg1.index.vectors import dequantise, quantise

Floats = npt.NDArray[np.float32]


def unit_rows(count: int, seed: int, dimension: int = 64) -> Floats:
    """Vectors that crowd around topics, as those of passages do."""
    chooser = np.random.default_rng(seed)
    topics = np.random.default_rng(0).normal(size=(40, dimension))
    rows = topics[chooser.integers(0, 40, count)] + chooser.normal(size=(count, dimension))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def coarse(vectors: Floats) -> CoarseVectors:
    return CoarseVectors(coarse_arrays(*quantise(vectors)))


@settings(deadline=None)
@given(codes=st.lists(st.lists(st.integers(-127, 127), min_size=8, max_size=8), min_size=1, max_size=5))
def test_a_value_is_within_half_a_level_of_its_code(codes: list[list[int]]) -> None:
    exact = np.array(codes, dtype=np.int8)
    vectors = CoarseVectors(coarse_arrays(exact, np.ones(len(exact), dtype=np.float32)))
    rows = np.arange(len(exact))
    for dimension, axis in enumerate(np.eye(8, dtype=np.float32)):
        error = np.abs(vectors.similarities(axis, rows) - exact[:, dimension])
        # Eight codes share a level; a code of 0 has no sign and takes that of the negative ones.
        assert (error <= 4.0).all()


def test_the_ten_nearest_are_among_the_first_32() -> None:
    vectors, queries = unit_rows(20_000, 1), unit_rows(40, 2)
    exact = dequantise(*quantise(vectors)) @ queries.T
    index = coarse(vectors)
    found = 0
    for number, query in enumerate(queries):
        rows, scores = nearest_rows([index], query, 32)
        assert (np.diff(scores) <= 0).all()
        np.testing.assert_allclose(scores, exact[rows, number], atol=0.05)
        found += len(set(rows) & set(np.argsort(-exact[:, number])[:10]))
    assert found / (10 * len(queries)) >= 0.98


def test_rows_count_on_from_segment_to_segment() -> None:
    vectors, query = unit_rows(3_000, 3), unit_rows(1, 4)[0]
    whole, scores = nearest_rows([coarse(vectors)], query, 20)
    split, same_scores = nearest_rows([coarse(vectors[:1_000]), coarse(vectors[1_000:])], query, 20)
    np.testing.assert_array_equal(split, whole)
    np.testing.assert_allclose(same_scores, scores, rtol=1e-5)


def test_only_rows_among_those_allowed_are_found() -> None:
    vectors, query = unit_rows(2_000, 5), unit_rows(1, 6)[0]
    allowed = [np.array([3, 500, 999]), np.array([0, 7])]
    rows, _ = nearest_rows([coarse(vectors[:1_000]), coarse(vectors[1_000:])], query, 10, allowed)
    assert sorted(rows) == [3, 500, 999, 1_000, 1_007]


@pytest.mark.parametrize("counts", [[], [0], [0, 3]])
def test_all_rows_are_found_when_there_are_fewer_than_asked_for(counts: list[int]) -> None:
    vectors = [unit_rows(count, 7) for count in counts]
    rows, scores = nearest_rows([coarse(own) for own in vectors], unit_rows(1, 8)[0], 10)
    assert sorted(rows) == list(range(sum(counts)))
    assert len(scores) == len(rows)


def test_dimensions_that_fill_no_byte_are_compared_as_others_are() -> None:
    vectors, query = unit_rows(500, 9, dimension=20), unit_rows(1, 10, dimension=64)[0, :20]
    rows, scores = nearest_rows([coarse(vectors)], query, 500)
    np.testing.assert_allclose(scores, (vectors @ query)[rows], atol=0.08)
