from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.index.vectors import dequantise, quantise, similarities


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
