"""The pipeline on the sample filings, opened once."""

from __future__ import annotations

from pathlib import Path

import pytest

from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.pipeline import FinRAG
from tests.sample_index import sample_store

__all__ = ["sample_store"]


@pytest.fixture(scope="session")
def finrag(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> FinRAG:
    folder = tmp_path_factory.mktemp("pipeline")
    store = LocalFolderStore(sample_store)
    return FinRAG.open(store, DiskCache(folder, store, 2**30), folder)
