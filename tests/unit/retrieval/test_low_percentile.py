"""Scores are set above their 5th percentile as numpy counts it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from finrag_ml_tg1.retrieval.ranking import low_percentile

SCORES = stn.arrays(np.float32, st.integers(1, 400), elements=st.floats(0, 60, width=32))


@settings(deadline=None)
@given(SCORES)
def test_the_low_percentile_is_numpys_to_the_last_bit(values: np.ndarray) -> None:
    assert low_percentile(values) == np.percentile(values, 5)
