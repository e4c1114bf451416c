"""The index of a store brought up to date with its tables, with the encoder and the cache that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.index.encoder import OnnxEncoder
from finrag_ml_tg1.indexing.build import BuildReport, Progress, build_index
from finrag_ml_tg1.indexing.kept_vectors import KeptVectors
from finrag_ml_tg1.indexing.minilm import ensure_encoder
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["IndexReport", "index_store"]


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a build did, and how many texts were encoded for the first time."""

    build: BuildReport
    encoded_texts: int


def index_store(
    store: ObjectStore,
    config: MLConfig,
    *,
    threads: int,
    progress: Progress,
    tell: Callable[[str], None],
    verify: bool = False,
) -> IndexReport:
    """Build the version that the store's tables describe and make it current; see `build_index`.

    `threads` cores encode. `progress` gets (passages done, of all), `tell` the steps of building the encoder, where
    there is none yet.
    """
    cache_folder = Path(config.cache_dir)
    folder = ensure_encoder(cache_folder, progress=tell)
    encoder = KeptVectors(OnnxEncoder.load(folder, threads=threads), cache_folder / "vectors")
    cache = DiskCache(cache_folder, store, config.cache_bytes)
    return IndexReport(build_index(store, cache, encoder, folder, progress, verify=verify), encoder.encoded)
