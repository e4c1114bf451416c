"""A folder of filings, read and indexed in a scratch folder, to ask the product about them. Numbers need no vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.filings.ingest import find_sources, ingest_file
from finrag_ml_tg1.index.encoder import OnnxEncoder
from finrag_ml_tg1.indexing.build import build_index
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.pipeline import FinRAG

__all__ = ["NoVectors", "open_scratch_index"]

_CACHE_BYTES = 4 * 2**30
_DIMENSION = 384


class NoVectors(OnnxEncoder):
    """The index's encoder without its work: for questions that no sentence answers."""

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the same vector for every text."""
        return np.full((len(texts), _DIMENSION), 1 / math.sqrt(_DIMENSION), dtype=np.float32)


def open_scratch_index(
    folder: Path, encoder_folder: Path, scratch: Path, progress: Callable[[str], None]
) -> tuple[FinRAG, pl.DataFrame]:
    """Read and index the filings of a folder inside `scratch`; return the product over them, and their facts table.

    A filing that cannot be read is told to `progress` and left out.
    """
    store = LocalFolderStore(scratch / "store")
    encoder = NoVectors.load(encoder_folder)
    unread = 0
    sources = find_sources([folder])
    for path in sources:
        try:
            ingest_file(path, store, encoder.token_offsets)
        except FinRAGError as error:
            unread += 1
            progress(f"{path.name}: {error}")
    progress(f"{len(sources) - unread} filings read")
    cache = DiskCache(scratch / "cache", store, _CACHE_BYTES)
    build_index(store, cache, encoder, encoder_folder, lambda done, total: None, with_sentences=False)
    tables = [pl.read_parquet(path) for path in sorted((scratch / "store" / "tables" / "facts").rglob("*.parquet"))]
    return FinRAG.open(store, cache, scratch / "cache"), pl.concat(tables)
