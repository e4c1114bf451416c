from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.index.lexical import Postings, build_postings, merge_postings, merge_statistics, split_terms

# Words that stay as they are, so that the counts below need no stemmer.
TEXTS = st.lists(st.lists(st.sampled_from(["cat", "dog", "fox", "391,035", "ebit", "the"]), max_size=12), max_size=8)
QUERY = ["dog", "391,035", "absent", "dog", "fox"]
K1, B = 1.5, 0.75


def bm25(texts: list[list[str]], query: list[str]) -> list[float]:
    """Robertson and Zaragoza (2009) as written, with the idf that is never negative."""
    counts = [Counter(word for word in text if word != "the") for text in texts]
    lengths = [sum(count.values()) for count in counts]
    mean = sum(lengths) / len(texts) if texts else 0.0
    scores = []
    for count, length in zip(counts, lengths, strict=True):
        score = 0.0
        for term in set(query):
            holding = sum(term in other for other in counts)
            idf = math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
            if count[term]:
                score += idf * count[term] * (K1 + 1) / (count[term] + K1 * (1 - B + B * length / mean))
        scores.append(score)
    return scores


def joined(texts: list[list[str]]) -> list[str]:
    return [" ".join(text) for text in texts]


@settings(deadline=None)
@given(texts=TEXTS)
def test_scores_follow_the_formula(texts: list[list[str]]) -> None:
    postings = Postings(build_postings(joined(texts)))
    np.testing.assert_allclose(postings.scores(postings.statistics().weighted(QUERY)), bm25(texts, QUERY), rtol=1e-4)


@settings(deadline=None)
@given(parts=st.lists(TEXTS, max_size=4))
def test_merged_postings_equal_those_of_all_texts(parts: list[list[list[str]]]) -> None:
    merged = merge_postings([build_postings(joined(part)) for part in parts])
    whole = build_postings([text for part in parts for text in joined(part)])
    assert merged.keys() == whole.keys()
    for name, array in whole.items():
        assert merged[name].dtype == array.dtype
        np.testing.assert_array_equal(merged[name], array)


@settings(deadline=None)
@given(parts=st.lists(TEXTS, min_size=1, max_size=4))
def test_a_part_scores_its_rows_as_the_whole_does(parts: list[list[list[str]]]) -> None:
    built = [build_postings(joined(part)) for part in parts]
    whole = Postings(merge_postings(built))
    corpus = merge_statistics([Postings(part).statistics() for part in built])
    terms = corpus.weighted(QUERY)
    together = np.concatenate([Postings(part).scores(terms) for part in built])
    np.testing.assert_array_equal(together, whole.scores(terms))
    np.testing.assert_array_equal(together, whole.scores(whole.statistics().weighted(QUERY)))


def test_document_frequencies_count_rows() -> None:
    corpus = Postings(build_postings(["dog dog cat", "dog", "", "fox"])).statistics()
    assert (corpus.rows, corpus.mean_length) == (4, 1.25)
    assert [corpus.document_frequency(term) for term in ("dog", "cat", "absent")] == [2, 1, 0]


def test_a_term_beyond_255_times_counts_255() -> None:
    often, more = (Postings(build_postings(["dog " * times])) for times in (255, 300))
    scores = [postings.scores(postings.statistics().weighted(["dog"]))[0] for postings in (often, more)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-3)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The dividends of the Company", ["dividend", "compani"]),
        ("$391,035 (12.5%)", ["391,035", "12.5"]),
        ("R&D and SG&A", ["r&d", "sg&a"]),
        ("company’s", ["compani"]),
        ("", []),
    ],
)
def test_terms_are_stems_and_numbers_as_printed(text: str, terms: list[str]) -> None:
    assert split_terms(text) == terms


def test_stop_words_are_kept_when_asked_for() -> None:
    assert split_terms("the cat", keep_stop_words=True) == ["the", "cat"]
