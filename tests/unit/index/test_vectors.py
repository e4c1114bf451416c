from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.index.vectors import GlobalVectors, dequantise, pack_global_vectors, quantise, similarities


def unit_rows(count: int, dimension: int = 32, seed: int = 7) -> npt.NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@settings(deadline=None)
@given(
    rows=st.lists(
        st.lists(st.floats(-1e3, 1e3, width=32, allow_subnormal=False), min_size=3, max_size=3), min_size=0, max_size=6
    )
)
def test_a_code_is_within_half_a_step(rows: list[list[float]]) -> None:
    vectors = np.array(rows, dtype=np.float32).reshape(len(rows), 3)
    codes, scales = quantise(vectors)
    assert codes.dtype == np.dtype(np.int8)
    assert scales.dtype == np.dtype(np.float32)
    error = np.abs(dequantise(codes, scales) - vectors)
    assert (error <= 0.5001 * scales[:, None]).all()


def test_quantising_again_changes_nothing() -> None:
    codes, scales = quantise(unit_rows(50))
    again, _ = quantise(dequantise(codes, scales))
    np.testing.assert_array_equal(again, codes)


def test_similarities_are_inner_products() -> None:
    vectors, query = unit_rows(200), unit_rows(1, seed=8)[0]
    np.testing.assert_allclose(similarities(*quantise(vectors), query), vectors @ query, atol=0.01)


def test_search_finds_what_an_exact_search_finds(tmp_path: Path) -> None:
    vectors, queries = unit_rows(3_000), unit_rows(40, seed=9)
    path = tmp_path / "vectors.faiss"
    path.write_bytes(pack_global_vectors(vectors))
    index = GlobalVectors(path)
    found = 0
    for query in queries:
        rows, scores = index.search(query, 10)
        exact = np.argsort(-(vectors @ query))[:10]
        found += len(set(rows) & set(exact))
        assert (np.diff(scores) <= 0).all()
        np.testing.assert_allclose(scores, vectors[rows] @ query, atol=0.02)
    assert found / (10 * len(queries)) >= 0.95


@pytest.mark.parametrize("count", [1, 3])
def test_search_returns_all_rows_when_there_are_fewer_than_asked_for(tmp_path: Path, count: int) -> None:
    vectors = unit_rows(count)
    path = tmp_path / "vectors.faiss"
    path.write_bytes(pack_global_vectors(vectors))
    rows, scores = GlobalVectors(path).search(vectors[0], 10)
    assert sorted(rows) == list(range(count))
    assert rows[0] == 0
    assert len(scores) == count
