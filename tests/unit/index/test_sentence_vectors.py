"""Sentences that may be quoted, and the likeness of those whose vectors a part keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from finrag_ml_tg1.index.container import open_arrays, pack_arrays
from finrag_ml_tg1.index.sentence_vectors import SentenceVectors, pack_sentences, sentences_of
from tests.unit.index.fake_encoder import FakeEncoder

GREW = "Sales grew by a tenth in all regions."
BECAUSE = "This increase was due to more orders from laboratories."
PLAIN = "We built a second plant for pumps in Ohio."
ROWS = pl.DataFrame(
    [
        {"kind": "prose", "text": f"{GREW} {BECAUSE} {PLAIN}"},
        {"kind": "table", "text": "Cash | 5\nDebt | 7"},
        {"kind": "prose", "text": "Liquidity"},
        {"kind": "table", "text": f"{PLAIN}\nPlants | 2 | 1"},
    ]
)


@pytest.fixture
def kept(tmp_path: Path) -> SentenceVectors:
    path = tmp_path / "arrays"
    sentences = sentences_of(ROWS)
    path.write_bytes(pack_arrays(pack_sentences(sentences, FakeEncoder().encode(sentences.words))))
    return SentenceVectors(open_arrays(path))


def test_sentences_are_whole_and_one_that_hangs_stands_with_the_one_before() -> None:
    found = sentences_of(ROWS)
    assert found.rows.tolist() == [0, 0, 0, 3]
    assert found.words == [GREW, f"{GREW} {BECAUSE}", PLAIN, PLAIN]
    texts = [ROWS["text"][row][start:end] for row, (start, end) in zip(found.rows.tolist(), found.spans, strict=True)]
    assert texts == found.words


def test_of_a_long_sentence_the_beginning_is_encoded() -> None:
    rows = pl.DataFrame([{"kind": "prose", "text": f"Long {'and longer ' * 30}it went."}])
    (words,) = sentences_of(rows).words
    assert len(words.split()) == 36


def test_a_kept_sentence_is_as_like_as_its_own_vector(kept: SentenceVectors) -> None:
    query = FakeEncoder().encode(["How much did sales grow?"])[0]
    found = kept.likeness(query, [(3, 0, len(PLAIN)), (0, 0, len(GREW))])
    expected = FakeEncoder().encode([PLAIN, GREW]) @ query
    np.testing.assert_allclose(np.array(found, dtype=np.float32), expected, atol=0.01)


def test_a_place_of_no_kept_sentence_is_told(kept: SentenceVectors) -> None:
    query = FakeEncoder().encode(["q"])[0]
    assert kept.likeness(query, [(1, 0, 8), (0, 1, len(GREW)), (2, 0, 9), (9, 0, 1)]) == [None] * 4
    assert kept.likeness(query, []) == []


def test_a_part_made_without_sentences_has_none() -> None:
    assert SentenceVectors({}).likeness(FakeEncoder().encode(["q"])[0], [(0, 0, len(GREW))]) == [None]


def test_passages_without_sentences_can_be_packed(tmp_path: Path) -> None:
    path = tmp_path / "arrays"
    none = sentences_of(ROWS[1:2])
    path.write_bytes(pack_arrays(pack_sentences(none, FakeEncoder().encode(none.words))))
    assert SentenceVectors(open_arrays(path)).likeness(FakeEncoder().encode(["q"])[0], [(0, 0, 4)]) == [None]
