"""Into how many segments an index is divided changes no answer; where words are not searched, meaning alone finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from finrag_ml_tg1.index.reader import Index
from finrag_ml_tg1.indexing import segmenting
from finrag_ml_tg1.retrieval.candidates import all_candidates
from finrag_ml_tg1.retrieval.focus import Focus
from tests.unit.retrieval.hashed_index import Text, build_hashed_index

WORDS = ["tariff", "lease", "pension", "goodwill", "supplier", "hedge", "patent"]
QUESTION = "tariff supplier hedge"


def texts() -> list[Text]:
    chooser = np.random.default_rng(4)
    return [
        Text(cik, "10-K", year, "1A", " ".join(chooser.choice(WORDS, size=6)))
        for cik in range(1, 9)
        for year in (2022, 2023)
        for _ in range(12)
    ]


def focus() -> Focus:
    terms = tuple(QUESTION.split())
    return Focus(QUESTION, terms, dict.fromkeys(terms, 1.0), ("patent",), {}, frozenset())


@pytest.fixture
def whole(tmp_path: Path, encoder_folder: Path) -> Index:
    return build_hashed_index(texts(), tmp_path / "whole", encoder_folder)


@pytest.fixture
def divided(tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    monkeypatch.setattr(segmenting, "MAX_SEGMENT_ROWS", 40)
    return build_hashed_index(texts(), tmp_path / "divided", encoder_folder)


def test_candidates_are_the_same_however_the_index_is_divided(whole: Index, divided: Index) -> None:
    assert (len(whole.segments), len(divided.segments)) == (1, 6)
    query = whole.encoder.encode([QUESTION])[0]
    accessions = [filing for filing in whole.catalog.filings["accession"] if filing.endswith("2023")]
    for among in ((), accessions):
        expected, found = (all_candidates(index, focus(), query, among) for index in (whole, divided))
        for name in ("rows", "filings", "statements", "items"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        for name in ("words", "context_words", "bridge", "meaning"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-5)
        assert len(found) == (96 if among else 192)


def test_passages_of_one_context_stay_together_however_the_index_is_divided(whole: Index, divided: Index) -> None:
    expected, found = (all_candidates(index, focus(), None) for index in (whole, divided))
    same = np.flatnonzero(np.diff(expected.contexts) == 0)
    np.testing.assert_array_equal(np.flatnonzero(np.diff(found.contexts) == 0), same)


def test_the_nearest_in_meaning_are_found_where_words_are_not_searched(
    tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenting, "SEARCHED_IN_WORDS_ROWS", 10)
    index = build_hashed_index(texts(), tmp_path, encoder_folder)
    query = index.encoder.encode([QUESTION])[0]
    found = all_candidates(index, focus(), query)
    assert not found.words.any()
    nearest = index.record(int(found.rows[np.argmax(found.meaning)])).text.split()
    assert len(set(nearest) & set(QUESTION.split())) >= 2
    assert index.corpus.document_frequency("tariff") == sum("tariff" in text.text.split() for text in texts())
