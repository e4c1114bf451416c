"""A corpus read and indexed in a folder of its own, and kept there: the second run finds everything done.

The folder is named by the corpus, the reader and the encoder, so that no run meets what another made of it. Each step
goes on where it was interrupted: filings that are read stay read, texts that are encoded stay encoded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.evaluation.retrieval.corpora import corpus_sources
from finrag_ml_tg1.evaluation.scratch_index import NoVectors
from finrag_ml_tg1.filings.batch import Refused, ingest_batch
from finrag_ml_tg1.filings.ingest import FilingTablesStore
from finrag_ml_tg1.filings.table_schemas import READER_VERSION
from finrag_ml_tg1.index.encoder import EncoderIdentity, OnnxEncoder
from finrag_ml_tg1.index.manifest import CURRENT_KEY, FORMAT_VERSION
from finrag_ml_tg1.indexing.build import BUILD_PARAMETERS, PassageEncoder, build_index
from finrag_ml_tg1.indexing.kept_vectors import KeptVectors
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.pipeline import FinRAG

__all__ = ["open_corpus"]

_CACHE_BYTES = 8 * 2**30
_READ_BYTES = 2**20


def open_corpus(
    dataset: str,
    corpus: Path,
    kept: Path,
    encoder_folder: Path,
    *,
    dense: bool,
    workers: int,
    tell: Callable[[str], None],
) -> FinRAG:
    """Return the product over a corpus; without `dense` no text is encoded, and no question may be."""
    encoder = OnnxEncoder.load(encoder_folder, threads=workers)
    folder = kept / "corpora" / _content_name(corpus, encoder.identity, dense=dense)
    store = LocalFolderStore(folder / "store")
    cache = DiskCache(folder / "cache", store, _CACHE_BYTES)
    if store.head(CURRENT_KEY) is None:
        _read(dataset, corpus, store, encoder_folder, workers=workers, tell=tell)
        vectors: PassageEncoder = KeptVectors(encoder, kept / "vectors") if dense else NoVectors.load(encoder_folder)
        report = build_index(store, cache, vectors, encoder_folder, lambda done, total: None, with_sentences=False)
        tell(f"{report.filings} filings, {report.passages} passages indexed")
    return FinRAG.open(store, cache, folder / "cache")


def _read(
    dataset: str,
    corpus: Path,
    store: LocalFolderStore,
    encoder_folder: Path,
    *,
    workers: int,
    tell: Callable[[str], None],
) -> None:
    tables = FilingTablesStore(store)
    sources = corpus_sources(dataset, corpus)
    outcomes = list(ingest_batch(sources, tables, encoder_folder, workers=workers))
    for outcome in outcomes:
        if isinstance(outcome, Refused):
            tell(f"left out: {outcome.reason}")
    if all(isinstance(outcome, Refused) for outcome in outcomes):
        raise FilingError(f"{corpus.name}: none of its {len(outcomes)} documents can be read")


def _content_name(corpus: Path, encoder: EncoderIdentity, *, dense: bool) -> str:
    digest = hashlib.sha256(
        repr((READER_VERSION, FORMAT_VERSION, sorted(BUILD_PARAMETERS.items()), encoder.sha256, dense)).encode()
    )
    for path in sorted(corpus.rglob("*")) if corpus.is_dir() else [corpus]:
        if path.is_file():
            digest.update(path.name.encode())
            with path.open("rb") as file:
                while block := file.read(_READ_BYTES):
                    digest.update(block)
    return digest.hexdigest()[:16]
