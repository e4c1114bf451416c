"""What many tests share: the built encoder, found in the cache that set-up filled, so that tests run offline."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from finrag_ml_tg1.index.encoder import OnnxEncoder
from finrag_ml_tg1.indexing.minilm import ensure_encoder


@pytest.fixture(scope="session")
def encoder_folder() -> Path:
    return ensure_encoder(Path(os.environ.get("FINRAG_CACHE_DIR", "/tmp/finrag_cache")))


@pytest.fixture(scope="session")
def encoder(encoder_folder: Path) -> OnnxEncoder:
    return OnnxEncoder.load(encoder_folder)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are no part of a test's name: gzip's carry the second they were made in, and workers would disagree."""
    return argname if isinstance(val, bytes) else None
