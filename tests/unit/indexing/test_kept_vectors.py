"""What was encoded once is not encoded again, whoever asks; damaged files are made anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.indexing.kept_vectors import KeptVectors
from tests.unit.index.fake_encoder import TINY, FakeEncoder


def test_vectors_are_the_encoders_to_within_a_step_of_int8(tmp_path: Path) -> None:
    texts = ["one", "two", "one"]
    kept = KeptVectors(FakeEncoder(), tmp_path).encode(texts)
    assert kept == pytest.approx(FakeEncoder().encode(texts), abs=1 / 127)
    assert kept[0].tolist() == kept[2].tolist()


def test_a_text_is_encoded_once_over_calls_and_openings(tmp_path: Path) -> None:
    first = FakeEncoder()
    vectors = KeptVectors(first, tmp_path)
    before = vectors.encode(["one", "two"])
    vectors.encode(["two", "three", "three"])
    assert first.encoded == ["one", "two", "three"]
    assert vectors.encoded == 3
    again = FakeEncoder()
    assert KeptVectors(again, tmp_path).encode(["one", "two"]).tolist() == before.tolist()
    assert again.encoded == []


def test_vectors_of_another_encoder_are_not_taken(tmp_path: Path) -> None:
    KeptVectors(FakeEncoder(), tmp_path).encode(["one"])
    other = FakeEncoder(replace(TINY, sha256="2" * 64))
    KeptVectors(other, tmp_path).encode(["one"])
    assert other.encoded == ["one"]


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    KeptVectors(FakeEncoder(), tmp_path).encode(["one"])
    (file,) = tmp_path.rglob("*.vectors")
    file.write_bytes(b"damaged")
    encoder = FakeEncoder()
    KeptVectors(encoder, tmp_path).encode(["one"])
    assert encoder.encoded == ["one"]


def test_no_texts_give_no_rows(tmp_path: Path) -> None:
    assert KeptVectors(FakeEncoder(), tmp_path).encode([]).shape == (0, TINY.dimension)
    assert np.isfinite(KeptVectors(FakeEncoder(), tmp_path).encode(["x"])).all()


def test_file_of_other_dimensions_is_not_taken(tmp_path: Path) -> None:
    KeptVectors(FakeEncoder(replace(TINY, dimension=8)), tmp_path).encode(["one"])
    encoder = FakeEncoder()
    assert KeptVectors(encoder, tmp_path).encode(["one"]).shape == (1, TINY.dimension)
    assert encoder.encoded == ["one"]


def test_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    with pytest.raises(StoreError, match="FINRAG_CACHE_DIR"):
        KeptVectors(FakeEncoder(), file)
