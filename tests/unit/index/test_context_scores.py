"""A context is scored as the one text that its passages make together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.index.lexical import Postings, build_postings, split_terms

WORDS = st.sampled_from(["revenue", "goodwill", "lease", "tariff", "pension"])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=12)


@settings(deadline=None)
@given(TEXTS, st.lists(WORDS, min_size=1, max_size=3), st.data())
def test_context_scores_are_those_of_the_joined_texts(texts: list[str], query: list[str], data: st.DataObject) -> None:
    steps = data.draw(st.lists(st.integers(0, 1), min_size=len(texts) - 1, max_size=len(texts) - 1))
    contexts = np.cumsum([0, *steps]).astype(np.uint32)
    joined = [
        " ".join(text for text, own in zip(texts, contexts, strict=True) if own == number)
        for number in range(int(contexts[-1]) + 1)
    ]
    terms = split_terms(" ".join(query))
    postings = Postings(build_postings(texts))
    corpus = postings.statistics()
    # Rarity is that of the passages; length is that of the contexts.
    asked = corpus.weighted(terms)
    mean = float(np.mean([len(split_terms(text)) for text in joined]))
    expected = Postings(build_postings(joined)).scores(replace(asked, mean_length=mean))
    found = postings.context_scores(asked, contexts)
    assert found == pytest.approx(expected[contexts], rel=1e-4)


def test_no_rows_have_no_context_scores() -> None:
    postings = Postings(build_postings([]))
    assert postings.context_scores(postings.statistics().weighted(["lease"]), np.empty(0, np.uint32)).tolist() == []
